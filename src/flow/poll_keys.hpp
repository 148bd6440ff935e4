/// The keys of a trigger of type poll, but for those that others have, too.
///
/// Tables only.
#pragma once

#include <array>

#include "flow/key_spec.hpp"
#include "flow/sql_keys.hpp"

namespace cordyna::flow::poll_detail {

using K = ValueKind;
using Word = std::string_view;

inline constexpr std::array kMethods{Word("GET"), Word("POST")};
inline constexpr std::array kPollStarts{Word("earliest"), Word("latest")};
inline constexpr KeySpec kPollText{.kind = K::kText};
inline constexpr std::int64_t kPollDay = 86'400'000;

inline constexpr std::array kSendFields{
    KeySpec{.name = "query",
            .kind = K::kText,
            .description = "A parameter of the address; one that is there is replaced."},
    KeySpec{.name = "header", .kind = K::kText, .description = "A header."},
    KeySpec{.name = "body",
            .kind = K::kText,
            .description = "A path in `json`, such as filter.since; it wants the method POST."},
};

inline constexpr std::array kPollAuth{
    KeySpec{.name = "token",
            .kind = K::kObject,
            .description = "{secret: NAME}: Authorization: Bearer with its value.",
            .fields = connection_detail::kSecretFields},
    KeySpec{.name = "header",
            .kind = K::kText,
            .description = "The token stands in this header instead, by itself: X-Api-Key."},
    KeySpec{.name = "user", .kind = K::kText, .description = "With `password`: Basic."},
    KeySpec{.name = "password",
            .kind = K::kObject,
            .description = "{secret: NAME}.",
            .fields = connection_detail::kSecretFields},
};

inline constexpr std::array kPollDatabases{Word("postgres"), Word("sqlite")};
inline constexpr std::array kPollConnectionFields = [] {
  auto fields = sql_detail::kDatabaseFields;
  fields[0].words = kPollDatabases;
  return fields;
}();

inline constexpr KeySpec kPollConnection{
    .name = "connection",
    .kind = K::kObject,
    .description =
        "Instead of `url`: a connection of type postgres or sqlite: the name of a file in "
        "connections/ (beside the nearest cordyna.yaml, else beside the flow) without .yaml, or "
        "the "
        "connection itself. It is only read.",
    .fields = kPollConnectionFields};

inline constexpr std::array kPollOwnKeys{
    KeySpec{.name = "every",
            .kind = K::kDuration,
            .description = "From the beginning of one poll to that of the next. 1m without this "
                           "key.",
            .least = 1'000,
            .most = 31 * kPollDay},
    KeySpec{.name = "timeout",
            .kind = K::kDuration,
            .description = "How long one request, or one query, may take. 1m without this key.",
            .least = 10,
            .most = kPollDay},
    KeySpec{.name = "cursor",
            .kind = K::kText,
            .description =
                "What never becomes smaller from one new thing to the next: a column of `query`, "
                "or a path in each item, such as meta.updated_at: a number, a time or a text. What "
                "comes later with a lower value is not seen. Required with `query`."},
    KeySpec{.name = "key",
            .kind = K::kList,
            .description =
                "What names a thing: columns, or paths in each item. Of several things with the "
                "same cursor each is new once. Without this key all that it holds.",
            .one_or_list = true,
            .item = &kPollText,
            .least = 1},
    KeySpec{.name = "start",
            .kind = K::kEnum,
            .description = "Of what is there when it is polled for the first time: all (earliest; "
                           "without this key), or nothing (latest) is new.",
            .words = kPollStarts},
    KeySpec{.name = "url",
            .kind = K::kText,
            .description = "The address of a web service that answers with JSON. Beside its "
                           "`cursor`, ETag and Last-Modified are given back to it."},
    KeySpec{.name = "method",
            .kind = K::kEnum,
            .description = "GET, or POST. Without it GET.",
            .words = kMethods},
    KeySpec{.name = "headers",
            .kind = K::kMap,
            .description = "Further headers of the request. Secrets stand in `auth`.",
            .item = &kPollText},
    KeySpec{.name = "auth",
            .kind = K::kObject,
            .description = "Who asks: a token, or user and password.",
            .fields = kPollAuth},
    KeySpec{.name = "json", .kind = K::kAny, .description = "The body of a POST."},
    KeySpec{.name = "items",
            .kind = K::kText,
            .description = "The path of the list in the answer: data.orders, or, for names with "
                           "points, /data/a.b. Without this key the answer is the list, or, where "
                           "it is none, one item."},
    KeySpec{.name = "send",
            .kind = K::kObject,
            .description = "How the cursor goes to the service, once there is one: `since`, which "
                           "is {query: since}, or {header: X-Since}, or {body: filter.since}. "
                           "Without this key the service is not told, and what is known is passed "
                           "over.",
            .fields = kSendFields,
            .short_field = "query"},
    KeySpec{.name = "next",
            .kind = K::kText,
            .description = "The path of what leads to the next answer: an address of the same "
                           "origin, or, with `send_next`, a token. Beside `cursor` these are the "
                           "pages of one poll. Alone it is the cursor, and each item is new."},
    KeySpec{.name = "send_next",
            .kind = K::kObject,
            .description = "As `send`, for the token of `next`.",
            .fields = kSendFields,
            .short_field = "query"},
    KeySpec{.name = "max_size",
            .kind = K::kSize,
            .description = "A larger answer is an error. 8MiB without this key.",
            .least = 1,
            .most = 64LL << 20},
    kPollConnection,
    KeySpec{.name = "query",
            .kind = K::kText,
            .description =
                "One SELECT. What is asked is SELECT * FROM (query) WHERE cursor >= $1 ORDER BY "
                "cursor: the cursor is a value beside the statement."},
    KeySpec{.name = "max_rows",
            .kind = K::kInt,
            .description = "The most rows of one query; more come at once with the next. 1,000 "
                           "without this key.",
            .least = 1,
            .most = 10'000},
};

}  // namespace cordyna::flow::poll_detail
