"""What `/inc postmortem …` asks for."""

import pytest

from bot.errors import InvalidInput
from bot.postmortems import command
from bot.postmortems.command import parse


@pytest.mark.parametrize(
    ("words", "asked"),
    [
        ("", command.Show()),
        ("Draft", command.Show()),
        ("approve", command.Approve()),
        ("Publish!", command.Publish()),
        ("changes the cause is a guess", command.AskChanges("the cause is a guess")),
        ("changes", command.AskChanges("")),
        ("withdraw names a customer", command.Withdraw("names a customer")),
        ("restore version 3", command.Restore(3)),
        ("restore v3", command.Restore(3)),
        ("meeting tue 14:00", command.Meet("tue 14:00")),
        ("meeting", command.Meet("")),
        ("meeting cancel", command.CallOff()),
        ("review", command.AskReview()),
        ("facts", command.TakeFacts()),
        ("history", command.History()),
        ("edit", command.Edit()),
    ],
)
def test_each_word_has_its_meaning(words: str, asked: command.Asked) -> None:
    assert parse(words) == asked


def test_people_are_taken_out_of_the_words_before() -> None:
    assert parse("owner", has_people=True) == command.Give()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("owner", "Say who owns it"),
        ("owner @nobody", "I know nobody called “@nobody”"),
        ("review @nobody", "I know nobody called “@nobody”"),
        ("restore last", "Say which version"),
        ("delete", "I do not know `delete` of a postmortem, so nothing has happened."),
        ("publish on monday", "what follows `publish`"),
    ],
)
def test_what_is_not_understood_does_nothing_and_says_what_is(words: str, says: str) -> None:
    with pytest.raises(InvalidInput, match=says):
        parse(words)
