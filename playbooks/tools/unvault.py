# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt): it imports ansible-core and runs in its process.
"""What stands in vaults, so that Tocsin can keep it out of messages: a program of its own, since it imports ansible-core.

In: {"password_file": "…", "texts": ["$ANSIBLE_VAULT;…", …]} as JSON.
Out: a JSON list: the password, and the plain texts, with null for what it does not open.
"""

import json
import sys

from ansible.errors import AnsibleError
from ansible.parsing.dataloader import DataLoader
from ansible.parsing.vault import VaultLib, get_file_vault_secret


def opened(vault, text):
    try:
        return vault.decrypt(text).decode()
    except (AnsibleError, UnicodeDecodeError):
        return None


def main():
    asked = json.load(sys.stdin)
    secret = get_file_vault_secret(filename=asked["password_file"], loader=DataLoader())
    secret.load()
    vault = VaultLib([("default", secret)])
    json.dump([secret.bytes.decode(errors="replace"), *(opened(vault, text) for text in asked["texts"])], sys.stdout)


if __name__ == "__main__":
    try:
        main()
    except AnsibleError as error:
        sys.exit(str(error))
