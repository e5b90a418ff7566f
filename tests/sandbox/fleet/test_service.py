"""What an instance of the fleet's service tells of itself, for a Prometheus to read."""

import json
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from bot.sandbox.fleet.service import Shop


def test_requests_their_time_and_memory_are_told_in_prometheus_s_format(tmp_path: Path) -> None:
    for folder, name, content in (("current", "release.json", {"version": "v41"}), ("config/current", "shop.json", {"version": "c7"})):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / name).write_text(json.dumps(content))
    shop = Shop("web1", "eu", tmp_path, tmp_path / "flags.json", store=1)  # nobody answers at this port
    assert shop.answer(is_large=False)[0] == 500
    samples = [sample for family in text_string_to_metric_families(shop.metrics()) for sample in family.samples]
    assert {sample.labels["host"] for sample in samples} == {"web1"}
    told = {(sample.name, sample.labels.get("status")): sample.value for sample in samples}
    assert (told["shop_requests_total", "200"], told["shop_requests_total", "500"], told["shop_request_seconds_count", None]) == (0, 1, 1)
    assert told["process_resident_memory_bytes", None] > 1_000_000
