"""What each of Slack's error codes means, in words for a person: what could not be done, and what would help.

A code that means something else in one method has a second entry, `method:code`.
"""

_BY_CODES = {
    # who we are
    "invalid_auth not_authed": "Slack does not accept our token. Check SLACK_BOT_TOKEN and restart.",
    "token_revoked": "Slack's token was revoked. Reinstall the app and set the new SLACK_BOT_TOKEN.",
    "token_expired": "Slack's token has expired. Reinstall the app and set the new SLACK_BOT_TOKEN.",
    "account_inactive": "The app was removed from the workspace, or the workspace is gone. Reinstall the app.",
    "missing_scope": "The app lacks a Slack permission. Reinstall it from manifest.json.",
    "no_permission access_denied": "Slack does not let the app do that here. Ask a workspace admin.",
    "not_allowed_token_type": "That kind of token cannot do this. SLACK_BOT_TOKEN must be a bot token (xoxb-…).",
    "team_access_not_granted org_login_required enterprise_is_restricted ekm_access_denied two_factor_setup_required": (
        "The organisation's security settings keep the app out. Ask a workspace admin."
    ),
    "team_not_found": "Slack knows no such workspace.",
    # signing in
    "invalid_client_id invalid_client": "Slack knows no app with this client ID. Check SLACK_CLIENT_ID.",
    "bad_client_secret": "Slack does not accept the app's client secret. Check SLACK_CLIENT_SECRET.",
    "bad_redirect_uri": "The app's settings at Slack do not list the redirect URL. Add TOCSIN_URL and /signin/slack/return under "
    "OAuth & Permissions.",
    "invalid_code invalid_grant invalid_request": "Slack takes this sign-in only once, and for a few minutes.",
    "invalid_grant_type unsupported_grant_type invalid_refresh_token oauth_authorization_url_mismatch": (
        "Slack could not make sense of how Tocsin signs people in. This is a bug in Tocsin; report it."
    ),
    "cannot_install_an_org_installed_app preview_feature_not_available": (
        "Slack does not let this app sign people in. Ask a workspace admin."
    ),
    # Slack itself
    "ratelimited rate_limited accesslimited too_many_requests message_limit_exceeded": "Slack asks for fewer calls just now.",
    "internal_error fatal_error": "Slack had an error of its own.",
    "service_unavailable team_added_to_org": "Slack is not available just now.",
    "request_timeout": "The request reached Slack only in part.",
    "deprecated_endpoint method_deprecated unknown_method not_implemented not_enabled": (
        "Slack no longer offers that here. Update Tocsin, or check the app's settings."
    ),
    # requests that are our mistake
    "invalid_arg_name invalid_arguments invalid_array_arg invalid_charset invalid_form_data invalid_post_type missing_post_type "
    "missing_argument invalid_limit limit_required invalid_types no_item_specified users_list_not_supplied not_enough_users "
    "as_user_not_supported markdown_text_conflict missing_profile_id no_channel": (
        "Slack could not make sense of what Tocsin sent. This is a bug in Tocsin; please report it."
    ),
    "invalid_blocks invalid_blocks_format invalid_attachments block_mismatch attachment_payload_limit_exceeded too_many_attachments "
    "msg_blocks_too_long no_dual_broadcast_content_update invalid_metadata_format invalid_metadata_schema metadata_too_large "
    "metadata_must_be_sent_from_app invalid_metadata_filter_keys": (
        "Slack refuses the layout of this message. This is a bug in Tocsin; please report it."
    ),
    "msg_too_long": "The message is longer than Slack takes.",
    "no_text": "The message was empty.",
    "too_long": "That text is longer than Slack takes.",
    "view_too_large": "The form is larger than Slack takes.",
    "invalid_cursor invalid_ts_latest invalid_ts_oldest bad_timestamp": "Slack lost the place in the history; reading starts again.",
    # channels
    "name_taken": "A channel of that name exists already (it may be private or archived).",
    "invalid_name invalid_name_required invalid_name_maxlength invalid_name_punctuation invalid_name_specials": (
        "Slack does not allow that channel name."
    ),
    "cannot_create_channel restricted_action canvas_disabled_user_team": (
        "The workspace's settings do not let the app do that. Ask an admin to allow it."
    ),
    "not_authorized permission_denied": "The app may not change that. Ask a workspace admin.",
    "channel_not_found": "Slack knows no such channel, or it is private and the app was not invited.",
    "channel_is_limited_access": "That channel is limited to some people. Ask its manager to let the app in.",
    "not_in_channel": "The app is not in that channel. Invite it with /invite.",
    "is_archived": "The channel is archived. Unarchive it to go on there.",
    "already_archived": "The channel is archived already.",
    "not_archived": "The channel is not archived.",
    "cant_archive_general cant_archive_required": "Everybody must be in that channel; it cannot be archived.",
    "already_in_channel": "They are in the channel already.",
    "cant_invite_self": "The app is in the channel already.",
    "method_not_supported_for_channel_type": "That cannot be done in this kind of conversation.",
    "external_channel_migrating": "The channel is just being moved between workspaces.",
    "too_many_members": "The channel is full.",
    "fetch_members_failed": "Slack could not list the channel's members just now.",
    # people
    "cant_invite": "This person cannot be invited (their account may be deactivated).",
    "no_user user_not_found users_not_found": "Slack knows no such person, or their account is gone.",
    "user_disabled": "This person's Slack account is deactivated.",
    "user_is_restricted": "This person is a guest and may not do that.",
    "ura_max_channels": "This person is a guest of one channel and cannot join another.",
    "org_user_not_in_team": "This person is not a member of this workspace.",
    "invitee_cant_see_channel user_not_visible": "This person and this channel may not see each other.",
    "no_external_invite_permission": "People of other organisations can be invited only by those who have the permission.",
    "user_not_in_channel": "This person is not in that channel.",
    "invalid_user_combination too_many_users": "Slack cannot open a conversation with these people.",
    # user groups
    "plan_upgrade_required": "User groups need a paid Slack plan.",
    "no_users_provided": "Slack lets no user group be empty.",
    "invalid_users failed_for_some_users": "Slack does not know everybody who should be in the user group.",
    "subteam_max_users_exceeded": "The user group is as large as Slack allows.",
    "invalid_team": "Slack knows no such workspace.",
    # messages
    "message_not_found": "The message is gone; somebody deleted it.",
    "cant_update_message cant_delete_message edit_window_closed": "That message cannot be changed any more.",
    "update_failed streaming_state_conflict": "Slack could not change the message just now.",
    "is_inactive": "The message belongs to something that was deleted.",
    "cannot_reply_to_message thread_locked restricted_action_thread_locked": "That thread takes no more replies.",
    "thread_not_found": "The thread is gone; somebody deleted it.",
    "list_record_comment_fetch_failed": "Slack could not read those comments.",
    "restricted_action_non_threadable_channel restricted_action_thread_only_channel": (
        "That channel's settings do not allow a message in this place."
    ),
    "restricted_action_read_only_channel posting_to_channel_denied": (
        "Only some people may post in that channel. Ask an admin to let the app."
    ),
    "messages_tab_disabled": "Direct messages to the app are switched off in its settings.",
    "cant_broadcast_message": "That reply cannot be sent to the whole channel.",
    "draft_not_found draft_already_deleted draft_already_sent draft_has_conflict duplicate_channel_not_found duplicate_message_not_found "
    "missing_file_data too_many_contact_cards": "Slack could not make sense of this message. This is a bug in Tocsin; please report it.",
    "slack_connect_canvas_sharing_blocked slack_connect_file_link_sharing_blocked slack_connect_lists_sharing_blocked "
    "slack_connect_blocked_file_type slack_connect_clip_sharing_blocked slack_connect_file_upload_sharing_blocked": (
        "The channel is shared with another organisation, whose settings refuse this content."
    ),
    "blocked_file_type file_deleted file_is_deleted file_not_found file_not_shared file_share_limit_reached max_file_sharing_exceeded "
    "unable_to_share_files file_already_added": "A file in it cannot be shared.",
    "files.info:file_not_found files.completeUploadExternal:file_not_found": "Slack knows no such file.",
    "files.info:file_deleted": "Somebody deleted the file.",
    "not_visible template_not_visible canvas_disabled_file_team canvas_globally_disabled": "The app may not see that file.",
    "file_uploads_disabled file_uploads_except_images_disabled file_type_not_allowed file_upload_size_restricted snippet_too_large": (
        "The workspace's settings do not let the app post such files. Ask an admin to allow it."
    ),
    # canvases
    "canvases.create:canvas_disabled_user_team canvases.edit:canvas_disabled_user_team "
    "conversations.canvases.create:canvas_disabled_user_team": (
        "The workspace does not allow canvases. Ask an admin to allow them, or set `publishing.canvas` to false."
    ),
    "team_tier_cannot_create_channel_canvases free_teams_cannot_create_non_tabbed_canvases free_teams_cannot_edit_standalone_canvases": (
        "The workspace's plan does not have such canvases. Set `publishing.canvas` to false."
    ),
    "canvases.create:restricted_action canvases.edit:restricted_action conversations.canvases.create:restricted_action": (
        "The workspace's settings do not let the app write canvases. Ask an admin to allow it."
    ),
    "canvas_creation_failed canvas_tab_creation_failed channel_canvas_creation_failed": "Slack could not make the canvas.",
    "canvas_editing_failed": "Slack could not change the canvas.",
    "canvas_not_found": "The canvas is gone; somebody deleted it.",
    "channel_canvas_already_exists free_team_canvas_tab_already_exists": "The channel has a canvas already.",
    "storage_limit_reached": "The workspace's storage for files is full. Ask an admin.",
    "file_update_failed": "Slack could not take the file just now.",
    "unknown_snippet_type unknown_subtype alt_txt_too_large channels_limit_exceeded": (
        "Slack could not make sense of this file. This is a bug in Tocsin; please report it."
    ),
    "invalid_channel": "Slack knows no such channel.",
    # pins, bookmarks, reactions
    "already_pinned": "It is pinned already.",
    "not_pinnable": "That cannot be pinned.",
    "too_many_pins": "The channel has as many pins as Slack allows. Unpin something to make room.",
    "too_many_bookmarks too_many_tabs": "The channel has as many bookmarks as Slack allows. Remove one to make room.",
    "invalid_link invalid_emoji invalid_bookmark_type invalid_app_action_type invalid_child_type invalid_parent_type invalid_entity_id "
    "invalid_shortcut_type parent_bookmark_disabled parent_with_link": "Slack refuses this bookmark.",
    "cannot_bookmark_from_external_org cannot_bookmark_restricted_sharing_enabled": (
        "The channel's sharing settings do not allow bookmarks by the app."
    ),
    "bookmarks.edit:not_found": "The bookmark is gone; somebody removed it.",
    "already_reacted": "The reaction is there already.",
    "not_reactable no_access": "That message takes no reactions.",
    "reactions.add:invalid_name": "The workspace has no such emoji.",
    "too_many_emoji too_many_reactions": "The message has as many reactions as Slack allows.",
    # forms
    "expired_trigger_id": "Slack took too long to reach us and gave up on the form. Please do that again.",
    "exchanged_trigger_id": "The form was opened already.",
    "invalid_trigger_id": "Slack could not open the form. Please do that again.",
    "push_limit_reached": "Three forms are open on top of each other already. Close one first.",
    "duplicate_external_id": "That form is open already.",
    "hash_conflict": "The form was changed meanwhile.",
    "not_found": "That form is no longer open.",
}

SENTENCES = {code: sentence for codes, sentence in _BY_CODES.items() for code in codes.split()}


def sentence(method: str, code: str) -> str:
    """The words for `code` as an answer of `method`."""
    return SENTENCES.get(f"{method}:{code}") or SENTENCES.get(code) or f"Slack answered “{code}”, which Tocsin does not know."
