"""The one table of what Slack may answer: every documented error code of each method that we call, and what follows from it.

Codes and rate tiers as documented at api.slack.com in May 2026. A code that is not listed is told to a human.
"""

from dataclasses import dataclass
from enum import StrEnum

from bot.slack.sentences import sentence


class Verdict(StrEnum):
    """What follows from an error code."""

    RETRY = "retry"
    """Not now; the same call may work later."""
    DONE = "done"
    """What was asked for is so already: a success."""
    DEGRADE = "degrade"
    """Not like this; go on without it, or another way, and say so in passing."""
    TELL = "tell"
    """A human must do something about it."""


@dataclass(frozen=True)
class Meaning:
    """What one code, as an answer of one method, means."""

    code: str
    verdict: Verdict
    why: str
    maybe_done: bool = False
    """For RETRY: it may have happened all the same."""
    slack_is_gone: bool = False
    """We are locked out: no call will work until a human acts."""


@dataclass(frozen=True)
class Method:
    """One method of the Web API. Codes that it shares with every method are in `COMMON`."""

    per_minute: int | None
    """Slack's documented budget; None where special rules apply."""
    reads: bool = False
    """Changes nothing, so that it may be called again without looking."""
    retry: str = ""
    done: str = ""
    degrade: str = ""
    tell: str = ""

    def verdicts(self) -> dict[str, Verdict]:
        """Code → verdict."""
        lists = {Verdict.RETRY: self.retry, Verdict.DONE: self.done, Verdict.DEGRADE: self.degrade, Verdict.TELL: self.tell}
        return {code: verdict for verdict, codes in lists.items() for code in codes.split()}


COMMON = Method(
    per_minute=None,
    retry="ratelimited rate_limited accesslimited internal_error fatal_error service_unavailable request_timeout team_added_to_org",
    tell="access_denied account_inactive deprecated_endpoint ekm_access_denied enterprise_is_restricted invalid_arg_name invalid_arguments "
    "invalid_array_arg invalid_auth invalid_charset invalid_form_data invalid_post_type method_deprecated missing_post_type missing_scope "
    "no_permission not_allowed_token_type not_authed org_login_required team_access_not_granted token_expired token_revoked "
    "two_factor_setup_required unknown_method missing_argument",
)

GONE = frozenset({"account_inactive", "invalid_auth", "not_authed", "token_expired", "token_revoked"})
MAYBE_DONE = frozenset({"internal_error", "fatal_error"})
"""Of these two Slack says itself that some of the operation may have succeeded."""

TIER_2, TIER_3, TIER_4 = 20, 50, 100

_BLOCKS = (
    "invalid_blocks invalid_blocks_format invalid_metadata_format invalid_metadata_schema metadata_must_be_sent_from_app metadata_too_large"
)
_CONNECT = "slack_connect_canvas_sharing_blocked slack_connect_file_link_sharing_blocked"
_CONNECT_FILES = "slack_connect_blocked_file_type slack_connect_clip_sharing_blocked slack_connect_file_upload_sharing_blocked"
_BAD_NAME = "invalid_name invalid_name_maxlength invalid_name_punctuation invalid_name_required invalid_name_specials name_taken"
_PAGING = "invalid_cursor invalid_limit invalid_types missing_argument"

METHODS: dict[str, Method] = {
    "auth.test": Method(None, reads=True),
    "canvases.create": Method(
        TIER_2, tell="canvas_creation_failed canvas_disabled_user_team free_teams_cannot_create_non_tabbed_canvases restricted_action"
    ),
    "canvases.edit": Method(
        TIER_3,
        degrade="canvas_not_found",
        tell="canvas_disabled_user_team canvas_editing_failed free_teams_cannot_edit_standalone_canvases restricted_action",
    ),
    "conversations.create": Method(
        TIER_2, degrade=_BAD_NAME, tell="cannot_create_channel canvas_disabled_user_team missing_argument no_channel restricted_action"
    ),
    "conversations.canvases.create": Method(
        TIER_2,
        degrade="channel_canvas_already_exists free_team_canvas_tab_already_exists",
        tell="canvas_creation_failed canvas_disabled_user_team canvas_tab_creation_failed channel_canvas_creation_failed restricted_action "
        "team_tier_cannot_create_channel_canvases",
    ),
    "conversations.invite": Method(
        TIER_3,
        retry="external_channel_migrating",
        done="already_in_channel cant_invite_self",
        degrade="cant_invite invitee_cant_see_channel no_external_invite_permission no_user org_user_not_in_team ura_max_channels "
        "user_is_restricted user_not_found user_disabled",
        tell="channel_not_found is_archived method_not_supported_for_channel_type not_in_channel",
    ),
    "conversations.join": Method(
        TIER_3,
        done="already_in_channel",
        degrade="channel_is_limited_access is_archived method_not_supported_for_channel_type too_many_members",
        tell="channel_not_found",
    ),
    "conversations.info": Method(TIER_3, reads=True, degrade="channel_is_limited_access", tell="channel_not_found"),
    "conversations.history": Method(
        TIER_3,
        reads=True,
        degrade="invalid_cursor invalid_ts_latest invalid_ts_oldest",
        tell="channel_is_limited_access channel_not_found invalid_metadata_filter_keys not_in_channel",
    ),
    "conversations.replies": Method(
        TIER_3,
        reads=True,
        degrade="invalid_cursor invalid_ts_latest invalid_ts_oldest list_record_comment_fetch_failed thread_not_found",
        tell="channel_not_found invalid_metadata_filter_keys method_not_supported_for_channel_type not_in_channel",
    ),
    "conversations.list": Method(TIER_2, reads=True, degrade="invalid_cursor", tell=f"{_PAGING} method_not_supported_for_channel_type"),
    "conversations.members": Method(
        TIER_4,
        reads=True,
        retry="fetch_members_failed",
        degrade="invalid_cursor",
        tell="channel_not_found invalid_limit method_not_supported_for_channel_type",
    ),
    "conversations.rename": Method(
        TIER_2,
        degrade=f"{_BAD_NAME} is_archived not_authorized not_in_channel",
        tell="channel_not_found method_not_supported_for_channel_type",
    ),
    "conversations.setTopic": Method(
        TIER_2,
        degrade="is_archived not_in_channel too_long user_is_restricted",
        tell="channel_not_found method_not_supported_for_channel_type",
    ),
    "conversations.archive": Method(
        TIER_2,
        done="already_archived",
        degrade="cant_archive_general cant_archive_required not_in_channel restricted_action",
        tell="channel_not_found method_not_supported_for_channel_type",
    ),
    "conversations.unarchive": Method(
        TIER_2, done="not_archived", degrade="not_in_channel", tell="channel_not_found method_not_supported_for_channel_type"
    ),
    "conversations.open": Method(
        TIER_3,
        degrade="invalid_user_combination too_many_users user_disabled user_not_found user_not_visible",
        tell="channel_not_found method_not_supported_for_channel_type not_enough_users users_list_not_supplied",
    ),
    "chat.postMessage": Method(
        None,
        retry="message_limit_exceeded",
        degrade="cannot_reply_to_message restricted_action_non_threadable_channel restricted_action_thread_locked "
        f"restricted_action_thread_only_channel messages_tab_disabled user_disabled {_CONNECT} slack_connect_lists_sharing_blocked",
        tell=f"{_BLOCKS} as_user_not_supported attachment_payload_limit_exceeded channel_not_found draft_already_deleted "
        "draft_already_sent draft_has_conflict draft_not_found duplicate_channel_not_found duplicate_message_not_found is_archived "
        "markdown_text_conflict missing_file_data msg_blocks_too_long msg_too_long no_text not_in_channel restricted_action "
        "restricted_action_read_only_channel team_not_found too_many_attachments too_many_contact_cards",
    ),
    "chat.update": Method(
        TIER_3,
        retry="external_channel_migrating message_limit_exceeded streaming_state_conflict update_failed",
        degrade="cant_update_message edit_window_closed is_inactive message_not_found is_archived not_in_channel",
        tell=f"{_BLOCKS} {_CONNECT} {_CONNECT_FILES} as_user_not_supported block_mismatch blocked_file_type cant_broadcast_message "
        "channel_not_found file_deleted file_is_deleted file_not_found file_share_limit_reached invalid_attachments markdown_text_conflict "
        "max_file_sharing_exceeded msg_too_long no_dual_broadcast_content_update no_text posting_to_channel_denied team_not_found "
        "too_many_attachments unable_to_share_files msg_blocks_too_long",
    ),
    "chat.postEphemeral": Method(
        TIER_4,
        retry="message_limit_exceeded",
        degrade="cannot_reply_to_message is_archived messages_tab_disabled not_in_channel user_not_in_channel channel_not_found",
        tell="invalid_attachments invalid_blocks invalid_blocks_format markdown_text_conflict msg_too_long no_text restricted_action "
        "too_many_attachments msg_blocks_too_long",
    ),
    "chat.delete": Method(TIER_3, done="message_not_found", degrade="cant_delete_message", tell="channel_not_found"),
    "chat.getPermalink": Method(None, reads=True, degrade="message_not_found", tell="channel_not_found"),
    "views.open": Method(
        TIER_4, done="exchanged_trigger_id duplicate_external_id", degrade="expired_trigger_id invalid_trigger_id", tell="view_too_large"
    ),
    "views.push": Method(
        TIER_4,
        done="exchanged_trigger_id duplicate_external_id",
        degrade="expired_trigger_id invalid_trigger_id not_found push_limit_reached",
        tell="view_too_large",
    ),
    "views.update": Method(TIER_4, degrade="hash_conflict not_found duplicate_external_id", tell="view_too_large"),
    "views.publish": Method(
        TIER_4, degrade="hash_conflict not_enabled not_implemented duplicate_external_id", tell="missing_profile_id view_too_large"
    ),
    "files.getUploadURLExternal": Method(
        TIER_4,
        degrade="file_type_not_allowed file_upload_size_restricted file_uploads_disabled file_uploads_except_images_disabled "
        "storage_limit_reached",
        tell="alt_txt_too_large missing_argument snippet_too_large unknown_snippet_type unknown_subtype",
    ),
    "files.completeUploadExternal": Method(
        TIER_4,
        retry="file_update_failed",
        degrade="channel_not_found file_not_found file_type_not_allowed file_uploads_except_images_disabled invalid_channel not_in_channel "
        "posting_to_channel_denied",
        tell="channels_limit_exceeded invalid_blocks",
    ),
    "files.info": Method(
        TIER_4,
        reads=True,
        degrade="canvas_disabled_file_team canvas_disabled_user_team canvas_globally_disabled file_deleted file_not_found not_visible "
        "slack_connect_canvas_sharing_blocked template_not_visible",
    ),
    "openid.connect.token": Method(
        TIER_4,
        degrade="invalid_code invalid_grant invalid_request",
        tell="bad_client_secret bad_redirect_uri cannot_install_an_org_installed_app invalid_client invalid_client_id invalid_grant_type "
        "invalid_refresh_token oauth_authorization_url_mismatch preview_feature_not_available unsupported_grant_type",
    ),
    "pins.add": Method(
        TIER_2,
        retry="external_channel_migrating",
        done="already_pinned",
        degrade="bad_timestamp file_not_found file_not_shared message_not_found not_in_channel not_pinnable restricted_action "
        "too_many_pins is_archived",
        tell="channel_not_found no_item_specified",
    ),
    "bookmarks.add": Method(
        TIER_2,
        retry="too_many_requests",
        done="file_already_added",
        degrade="cannot_bookmark_from_external_org cannot_bookmark_restricted_sharing_enabled not_implemented parent_bookmark_disabled "
        f"permission_denied too_many_bookmarks too_many_tabs {_CONNECT_FILES}",
        tell="channel_not_found file_not_found invalid_app_action_type invalid_bookmark_type invalid_child_type invalid_emoji "
        "invalid_entity_id invalid_link invalid_parent_type invalid_shortcut_type parent_with_link",
    ),
    "bookmarks.edit": Method(
        TIER_2,
        degrade=f"not_found not_implemented permission_denied {_CONNECT_FILES}",
        tell="channel_not_found invalid_bookmark_type invalid_emoji invalid_link parent_with_link",
    ),
    "reactions.add": Method(
        TIER_3,
        retry="external_channel_migrating",
        done="already_reacted",
        degrade="invalid_name is_archived message_not_found no_access not_reactable thread_locked too_many_emoji too_many_reactions",
        tell="bad_timestamp channel_not_found no_item_specified",
    ),
    "usergroups.list": Method(
        TIER_2, reads=True, degrade="invalid_cursor plan_upgrade_required users_not_found", tell="invalid_team missing_argument"
    ),
    "usergroups.users.update": Method(
        TIER_2,
        degrade="failed_for_some_users invalid_users no_users_provided",
        tell="missing_argument permission_denied plan_upgrade_required subteam_max_users_exceeded",
    ),
    "users.info": Method(TIER_4, reads=True, degrade="user_not_found user_not_visible", tell="too_many_users"),
    "users.lookupByEmail": Method(TIER_3, reads=True, degrade="users_not_found"),
    "users.list": Method(TIER_2, reads=True, degrade="invalid_cursor", tell="limit_required missing_argument"),
}


def meaning(method: str, code: str) -> Meaning:
    """What `code` means as an answer of `method`; a code nobody documented is told to a human."""
    known = METHODS[method].verdicts() if method in METHODS else {}
    verdict = known.get(code) or COMMON.verdicts().get(code) or Verdict.TELL
    reads = method in METHODS and METHODS[method].reads
    return Meaning(code, verdict, sentence(method, code), maybe_done=code in MAYBE_DONE and not reads, slack_is_gone=code in GONE)
