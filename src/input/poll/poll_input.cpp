#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <utility>

#include "base/text.hpp"
#include "cordyna/poll.hpp"
#include "input/poll/reading.hpp"
#include "input/poll/source.hpp"
#include "input/poll/sql_query.hpp"

namespace cordyna {
namespace input {
namespace {

using PollMs = std::chrono::milliseconds;
using SteadyTime = std::chrono::steady_clock;

constexpr Millis kLeftAloneMax = 3'600'000;

Millis poll_wall_now() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<PollMs>(now).count();
}

/// Until then, or a stop is requested.
void rest_until(SteadyTime::time_point when, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  std::unique_lock lock(mutex);
  wake.wait_until(lock, stop, when, [] { return false; });
}

class PollInput final : public Input {
 public:
  using Open = std::function<std::unique_ptr<PollSource>(std::stop_token)>;

  PollInput(std::string id, PollBy by, std::string by_what, const PollOptions& options, Open open)
      : Input(std::move(id)),
        by_(by),
        by_what_(std::move(by_what)),
        options_(options),
        open_(std::move(open)) {}

  Result<> handle(std::stop_token stop, EventSink& sink) override {
    const auto ended = listen(stop, sink);
    if (!ended.has_value() && ended.error().code == ErrorCode::kCancelled) return {};
    return ended;
  }

 private:
  Result<> listen(const std::stop_token& stop, EventSink& sink) {
    const std::unique_ptr<PollSource> source = open_(stop);
    PollReading reading(options_, by_, by_what_, sink);
    TRY(reading.begin(poll_wall_now()));
    while (!stop.stop_requested()) {
      const auto begun = SteadyTime::now();
      TRY_ASSIGN(const Millis left_alone, poll(*source, reading, stop));
      if (left_alone < 0) {
        rest_until(begun + options_.every, stop);
      } else {
        rest_until(SteadyTime::now() + PollMs(left_alone), stop);
      }
    }
    return {};
  }

  /// All that there is. So long the source wants to be left alone then, as it could not answer; -1:
  /// it could.
  Result<Millis> poll(PollSource& source, PollReading& reading, const std::stop_token& stop) {
    bool more = true;
    while (more && !stop.stop_requested()) {
      const auto answer = source.poll(reading.position(), reading.known(), reading.newest());
      if (!answer.has_value() && answer.error().retry_after <= 0) {
        return std::unexpected<Error>(answer.error().error);
      }
      if (!answer.has_value()) {
        const Millis wait = std::min(answer.error().retry_after, kLeftAloneMax);
        reading.fails(fmt::format("{}; it wants to be left alone for {}",
                                  answer.error().error.message, format_delay(wait)));
        return wait;
      }
      TRY(reading.take(source, *answer, poll_wall_now()));
      more = answer->more;
    }
    return -1;
  }

  PollBy by_;
  std::string by_what_;
  const PollOptions& options_;  // within what `open_` holds
  Open open_;
};

/// Options and an input that borrows them live together.
template <class Options>
class Holding final : public Input {
 public:
  using Opener = std::unique_ptr<PollSource> (*)(const Options&, std::stop_token);

  Holding(std::string id, Options options, PollBy by, std::string by_what, Opener opener)
      : Input(id),
        options_(std::move(options)),
        input_(std::move(id), by, std::move(by_what), options_.poll,
               [this, opener](std::stop_token stop) { return opener(options_, std::move(stop)); }) {
  }

  Result<> handle(std::stop_token stop, EventSink& sink) override {
    return input_.handle(std::move(stop), sink);
  }

 private:
  Options options_;
  PollInput input_;
};

std::unexpected<Error> refused_poll(std::string_view id, std::string_view why) {
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("input '{}': {}", fit(printable(id), 60), why));
}

Result<> check_poll(std::string_view id, const PollOptions& poll) {
  constexpr PollMs kLeast{10};
  constexpr std::chrono::hours kMost{24 * 31};
  if (poll.every < kLeast || poll.every > kMost) {
    return refused_poll(id, "every: 10 milliseconds to 31 days are wanted");
  }
  if (poll.timeout < kLeast || poll.timeout > std::chrono::hours(24)) {
    return refused_poll(id, "timeout: 10 milliseconds to a day are wanted");
  }
  return {};
}

Result<> check_sql(std::string_view id, const SqlPoll& options) {
  TRY(check_poll(id, options.poll));
  if (options.postgres.empty() == options.sqlite.empty()) {
    return refused_poll(id, "a PostgreSQL or an SQLite database is wanted, one of them");
  }
  if (!options.sqlite.empty() && !options.sqlite.starts_with('/')) {
    return refused_poll(id, "sqlite: an absolute path is wanted");
  }
  if (const auto query = plain_query(options.query); !query.has_value()) {
    return refused_poll(id, query.error().message);
  }
  if (options.poll.cursor.empty()) {
    return refused_poll(id, "cursor: a column of the query is wanted, which never gets smaller");
  }
  if (options.rows < 1 || options.rows > kPollRowsMax) {
    return refused_poll(id, fmt::format("rows: 1 to {} are wanted", kPollRowsMax));
  }
  return {};
}

}  // namespace
}  // namespace input

Result<std::unique_ptr<Input>> http_poll_input(std::string id, HttpPoll options) {
  TRY(input::check_poll(id, options.poll));
  if (const auto good = input::check_http_poll(options); !good.has_value()) {
    return input::refused_poll(id, good.error().message);
  }
  input::PollBy by = input::PollBy::kKeys;
  std::string what;
  if (!options.poll.cursor.empty()) {
    by = input::PollBy::kCursor;
    what = options.poll.cursor;
  } else if (!options.next.empty()) {
    by = input::PollBy::kNext;
    what = options.next;
  }
  return std::make_unique<input::Holding<HttpPoll>>(std::move(id), std::move(options), by,
                                                    std::move(what), input::open_http_source);
}

Result<std::unique_ptr<Input>> sql_poll_input(std::string id, SqlPoll options) {
  TRY(input::check_sql(id, options));
  const auto opener =
      options.postgres.empty() ? input::open_sqlite_source : input::open_postgres_source;
  std::string what = options.poll.cursor;
  return std::make_unique<input::Holding<SqlPoll>>(std::move(id), std::move(options),
                                                   input::PollBy::kCursor, std::move(what), opener);
}

Result<std::unique_ptr<Input>> make_poll_input(const InputConfig& config) {
  for (const Operation one : config.operations) {
    if (one == Operation::kRead) continue;
    return input::refused_poll(config.name,
                               fmt::format("what is polled is read; not {}", to_string(one)));
  }
  HttpPoll options;
  options.url = config.connection_string;
  return http_poll_input(config.name, std::move(options));
}

}  // namespace cordyna
