/// The keys of teams.yaml.
#pragma once

#include <array>

#include "flow/key_spec.hpp"
#include "model/alert.hpp"

namespace cordyna::flow {

namespace team_detail {

using K = ValueKind;
using Word = std::string_view;

inline constexpr KeySpec kTextItem{.kind = K::kText};
inline constexpr KeySpec kIdItem{.kind = K::kId};
inline constexpr KeySpec kNamespaceItem{.kind = K::kNamespace};

inline constexpr std::array kSecretOrText{
    KeySpec{.name = "text", .kind = K::kText, .description = "The value itself."},
    KeySpec{
        .name = "secret", .kind = K::kText, .description = "The name of the secret that holds it."},
};
inline constexpr std::array kSecretOnly{
    KeySpec{.name = "secret",
            .kind = K::kText,
            .description = "The name of the secret that holds it.",
            .required = true},
};
inline constexpr KeySpec kHeaderItem{
    .kind = K::kObject, .fields = kSecretOrText, .short_field = "text"};

inline constexpr std::array kTeamFields{
    KeySpec{.name = "description", .kind = K::kText, .description = "What it does."},
    KeySpec{.name = "contacts",
            .kind = K::kList,
            .description = "How people reach it: addresses of e-mail, rooms, telephones.",
            .one_or_list = true,
            .item = &kTextItem,
            .most = 50},
    KeySpec{.name = "channels",
            .kind = K::kList,
            .description = "Where it is told what concerns it: names of `channels`.",
            .one_or_list = true,
            .item = &kIdItem,
            .most = 20},
};
inline constexpr KeySpec kTeamItem{.kind = K::kObject, .fields = kTeamFields};

inline constexpr std::array kChannelTypes{Word("slack"), Word("webhook"), Word("pagerduty"),
                                          Word("email")};
inline constexpr std::array kChannelFields{
    KeySpec{.name = "type",
            .kind = K::kEnum,
            .description =
                "slack: an incoming webhook of Slack, Mattermost, Rocket.Chat or others that take "
                "its messages. webhook: JSON to a URL. pagerduty: an event of its Events API v2. "
                "email: by the server in `email`.",
            .required = true,
            .words = kChannelTypes},
    KeySpec{.name = "url",
            .kind = K::kObject,
            .description = "Where it goes: https://… or {secret: NAME}. Of pagerduty without it "
                           "https://events.pagerduty.com/v2/enqueue.",
            .fields = kSecretOrText,
            .short_field = "text"},
    KeySpec{.name = "key",
            .kind = K::kObject,
            .description = "Never the key itself: {secret: NAME}. pagerduty: the integration's "
                           "key. webhook: what each message is signed with (Standard Webhooks).",
            .fields = kSecretOnly},
    KeySpec{.name = "headers",
            .kind = K::kMap,
            .description = "webhook: more headers: {Authorization: {secret: NAME}}.",
            .item = &kHeaderItem,
            .most = 20},
    KeySpec{.name = "to",
            .kind = K::kList,
            .description = "email: addresses. Without it the team's contacts that are some.",
            .one_or_list = true,
            .item = &kTextItem,
            .most = 50},
};
inline constexpr KeySpec kChannelItem{.kind = K::kObject, .fields = kChannelFields};

inline constexpr std::array kKinds{Word("failed"),   Word("blocked"), Word("lost"), Word("held"),
                                   Word("retrying"), Word("late"),    Word("stuck")};
inline constexpr KeySpec kKindItem{.kind = K::kEnum, .words = kKinds};
inline constexpr std::array kDays{Word("mon"), Word("tue"), Word("wed"), Word("thu"),
                                  Word("fri"), Word("sat"), Word("sun")};
inline constexpr KeySpec kDayItem{.kind = K::kEnum, .words = kDays};

inline constexpr std::array kQuietFields{
    KeySpec{.name = "from",
            .kind = K::kText,
            .description = "When they begin, by the clocks of the zone: \"22:00\".",
            .required = true},
    KeySpec{.name = "to",
            .kind = K::kText,
            .description = "When they end; before `from`: on the next day.",
            .required = true},
    KeySpec{.name = "days",
            .kind = K::kList,
            .description = "On which they begin: [fri, sat]. Without it each day.",
            .one_or_list = true,
            .item = &kDayItem,
            .least = 1,
            .most = 7},
    KeySpec{.name = "timezone",
            .kind = K::kText,
            .description = "As Europe/Berlin.",
            .preset = "\"UTC\""},
};

inline constexpr std::array kEscalateFields{
    KeySpec{.name = "after",
            .kind = K::kDuration,
            .description = "How long after it was told first.",
            .required = true,
            .least = 1000},
    KeySpec{.name = "channels",
            .kind = K::kList,
            .description = "Who is told then.",
            .required = true,
            .one_or_list = true,
            .item = &kIdItem,
            .least = 1,
            .most = 20},
};

inline constexpr std::array kRuleFields{
    KeySpec{.name = "when",
            .kind = K::kList,
            .description = "failed: a task, or a run. blocked: what does not come since something "
                           "else has failed. lost: a task server. held: a task that waits for a "
                           "person. late: a run, by its flow's `late_after`. stuck: a task that "
                           "nobody begins, by its flow's `stuck_after`. retrying: a task of which "
                           "an attempt has failed. Without it all but retrying.",
            .one_or_list = true,
            .item = &kKindItem,
            .least = 1},
    KeySpec{.name = "teams",
            .kind = K::kList,
            .description = "Of these owners. Without it of all.",
            .one_or_list = true,
            .item = &kIdItem,
            .least = 1,
            .most = 1000},
    KeySpec{.name = "namespaces",
            .kind = K::kList,
            .description = "In these namespaces and those below them. Without it in all.",
            .one_or_list = true,
            .item = &kNamespaceItem,
            .least = 1,
            .most = 1000},
    KeySpec{.name = "channels",
            .kind = K::kList,
            .description = "Where it is told; []: nowhere. Without it the team's own channels.",
            .one_or_list = true,
            .item = &kIdItem,
            .most = 20},
    KeySpec{.name = "wait",
            .kind = K::kDuration,
            .description = "What comes within this time is one message.",
            .preset = "\"30s\"",
            .most = 3'600'000},
    KeySpec{.name = "repeat",
            .kind = K::kDuration,
            .description = "What goes on failing is told again no sooner.",
            .preset = "\"4h\"",
            .least = 60'000},
    KeySpec{.name = "recovered",
            .kind = K::kBool,
            .description = "Whether it is told when all is well again.",
            .preset = "true"},
    KeySpec{.name = "quiet",
            .kind = K::kObject,
            .description = "Hours in which nothing is told; it is when they have ended.",
            .fields = kQuietFields},
    KeySpec{.name = "escalate",
            .kind = K::kObject,
            .description = "Who else is told of what is not well after a while.",
            .fields = kEscalateFields},
};
inline constexpr KeySpec kRuleItem{.kind = K::kObject, .fields = kRuleFields};

inline constexpr std::array kTls{Word("tls"), Word("starttls"), Word("none")};
inline constexpr std::array kMailFields{
    KeySpec{.name = "host", .kind = K::kText, .description = "Of the server.", .required = true},
    KeySpec{.name = "port",
            .kind = K::kInt,
            .description = "Without it 465 (tls), 587 (starttls) or 25 (none).",
            .least = 1,
            .most = 65535},
    KeySpec{.name = "tls",
            .kind = K::kEnum,
            .description = "tls: from the first byte. starttls: and nothing is sent to a server "
                           "that has none. none: as it is, within this machine only.",
            .preset = "\"starttls\"",
            .words = kTls},
    KeySpec{.name = "from",
            .kind = K::kText,
            .description = "The sender: Cordyna <cordyna@example.com>.",
            .required = true},
    KeySpec{.name = "user", .kind = K::kText, .description = "Who logs in. Without it nobody."},
    KeySpec{.name = "password",
            .kind = K::kObject,
            .description = "Never the password itself: {secret: NAME}.",
            .fields = kSecretOnly},
    KeySpec{.name = "ca_file",
            .kind = K::kText,
            .description = "PEM: authorities that are trusted beside the system's."},
};

inline constexpr std::array kKeys{
    KeySpec{.name = "teams",
            .kind = K::kMap,
            .description = "By the name that `owner` of flows and tasks has.",
            .item = &kTeamItem,
            .most = kTeamsMax},
    KeySpec{.name = "channels",
            .kind = K::kMap,
            .description = "Ways to tell somebody, by their names.",
            .item = &kChannelItem,
            .most = kChannelsMax},
    KeySpec{.name = "email",
            .kind = K::kObject,
            .description = "The server that sends e-mail.",
            .fields = kMailFields},
    KeySpec{.name = "rules",
            .kind = K::kList,
            .description = "The first that fits decides how something is told; where none does, "
                           "the team's channels hear of it.",
            .item = &kRuleItem,
            .most = kAlertRulesMax},
    KeySpec{.name = "default",
            .kind = K::kList,
            .description = "Channels for owners that are no team here, and for teams without any.",
            .one_or_list = true,
            .item = &kIdItem,
            .most = 20},
};

}  // namespace team_detail

inline constexpr auto& kTeamFileKeys = team_detail::kKeys;

}  // namespace cordyna::flow
