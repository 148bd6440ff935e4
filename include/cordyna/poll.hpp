/// What is asked for again and again: a web service or a query, as an input.
///
/// How far it was read is a cursor, kept in the same transaction as the events: what a poll found
/// is one event each, whatever falls over. What a source shows late, below the cursor, no poll can
/// see: rows that get their number or their time before they are committed. For those
/// `postgres_input`.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cordyna/config.hpp"
#include "cordyna/export.hpp"
#include "cordyna/input.hpp"
#include "cordyna/result.hpp"

namespace cordyna {

inline constexpr std::size_t kPollAnswerMax = std::size_t{64} << 20;  ///< bytes of one answer
inline constexpr std::size_t kPollRowsMax = 10'000;                   ///< of one query, at most
inline constexpr std::size_t kPollBorderMax = 100'000;  ///< known by name at a time, of one input

/// What is there when it is polled for the first time.
enum class PollStart : std::uint8_t {
  kEarliest,  ///< is new
  kLatest,    ///< is known; only what comes later is new
};

/// What all polls have.
struct PollOptions {
  std::chrono::milliseconds every{60'000};  ///< from the beginning of one poll to that of the next
  std::chrono::milliseconds timeout{60'000};  ///< of one request, or one query
  /// What never becomes smaller from one new thing to the next: a column, or, of an answer, a path
  /// in each item ("meta.updated_at"). Items of the highest value that was seen are known by their
  /// key, so that of several with that value none is lost or doubled.
  std::string cursor{};
  /// What names a thing: columns, or paths in each item. Empty: all that it holds.
  std::vector<std::string> key{};
  PollStart start = PollStart::kEarliest;
  /// The kept cursor is that of another column or path. False: the input ends with kConflict. True:
  /// it begins anew.
  bool over_gaps = false;
};

/// How a value goes to a web service. One of them is named.
struct PollSend {
  std::string query{};  ///< a parameter of the address; one that is there is replaced
  std::string header{};
  std::string body{};  ///< a path in `json`: "filter.since"

  bool operator==(const PollSend&) const = default;
};

struct HttpPoll {
  PollOptions poll{};
  std::string url{};
  std::string method = "GET";  ///< or POST
  std::map<std::string, std::string> headers{};
  std::string token{};  ///< Authorization: Bearer …, or, with `token_header`, as it is there
  std::string token_header{};
  std::string user{};  ///< Authorization: Basic …, with `password`
  std::string password{};
  std::string json{};   ///< the body of a POST; empty: none
  std::string items{};  ///< the path of the list: "data.orders"; empty: the answer itself
  PollSend send{};      ///< the cursor, once there is one; empty: the service is not told
  /// The path of what leads to the next answer: an address of the same origin, or a token. With
  /// `cursor` these are the pages of one poll. Without, it is the cursor, and kept.
  std::string next{};
  PollSend send_next{};                             ///< how a token goes
  std::size_t answer_bytes = std::size_t{8} << 20;  ///< a larger answer is an error
  std::string ca_file{};  ///< PEM: who is trusted instead of the system's CAs
};

/// With `cursor`, an item is an event when its cursor is higher than all before, or as high and its
/// key is new. With `next` alone, each item of each answer is. With neither, an item is when its
/// key was not in the answer before; an answer that is no list is one item, and its content its
/// key: an event each time it has changed. ETag and Last-Modified are given back to the service.
///
/// Cursors are numbers, times as RFC 3339 has them, or texts, in the order of their bytes.
///
/// Events: `location` the address without its query; `operation` kRead; `id` the key, of several
/// paths a JSON list; `data` {"item":…,"cursor":…}, an item as it was sent, digit by digit.
///
/// Ends, to be called again: kUnavailable, kDenied, kNotFound, kUntrusted, as the service answers;
/// kInvalidArgument: an answer that is not what it should be, saying where. What the service asks
/// to be waited for (Retry-After, an hour at most) is waited for.
///
/// Errors: kInvalidArgument: an option is not what it should be.
[[nodiscard]] CORDYNA_API Result<std::unique_ptr<Input>> http_poll_input(std::string id,
                                                                         HttpPoll options);

struct SqlPoll {
  PollOptions poll{};      ///< `cursor` is required, and a column of the query
  std::string postgres{};  ///< "postgres://user@host/database" or "host=… dbname=…"
  std::string sqlite{};    ///< or the absolute path of a file, which is only read
  std::string
      query{};  ///< one SELECT; what is polled is `SELECT … FROM (query) WHERE cursor >= $1`
  std::size_t rows = 1'000;  ///< of one query; more come at once with the next
  std::chrono::milliseconds lock_timeout{10'000};  ///< of SQLite: so long a writer is waited for
};

/// Rows whose cursor is NULL, infinite or no number are no events.
///
/// Events: `location` the database; `operation` kRead; `id` the key, of several columns a JSON
/// list; `data` {"row":{…},"cursor":…}: values as to_json of PostgreSQL has them; of SQLite blobs
/// are
/// "\\x0102". A row that is too large has a "problem" instead.
///
/// Ends, to be called again: kUnavailable, kDenied; kNotFound: the database, or libpq;
/// kInvalidArgument: the query, or a column's type.
[[nodiscard]] CORDYNA_API Result<std::unique_ptr<Input>> sql_poll_input(std::string id,
                                                                        SqlPoll options);

/// For an InputRegistry; `connection_string`: an address, asked once a minute.
[[nodiscard]] CORDYNA_API Result<std::unique_ptr<Input>> make_poll_input(const InputConfig& config);

}  // namespace cordyna
