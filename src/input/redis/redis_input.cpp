#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/percent.hpp"
#include "base/text.hpp"
#include "cordyna/redis.hpp"
#include "http/end_signal.hpp"
#include "input/redis/redis_reading.hpp"
#include "redis/connection.hpp"

namespace cordyna {
namespace input {
namespace {

// They are kept in one transaction, and nothing else goes on meanwhile: a schedule would be late.
constexpr std::size_t kEntriesAtOnce = 200;
constexpr std::size_t kStreamsMax = 100;

class RedisInput final : public Input {
 public:
  RedisInput(std::string id, RedisOptions options)
      : Input(std::move(id)), options_(std::move(options)) {}

  Result<> handle(std::stop_token stop, EventSink& sink) override {
    std::size_t count = kEntriesAtOnce;
    while (true) {
      const auto ended = listen(stop, sink, count);
      if (stop.stop_requested() || ended.has_value()) return {};
      if (ended.error().error.code == ErrorCode::kCancelled) return {};
      // What was given to this member is read again, in smaller parts.
      if (ended.error().too_large && count > 1) {
        count = 1;
        continue;
      }
      Error error = ended.error().error;
      hide_in(error.message, options_.password);
      error.message = fmt::format("Redis {}: {}", place(), error.message);
      return std::unexpected<Error>(std::move(error));
    }
  }

 private:
  [[nodiscard]] std::string place() const {
    return options_.host.starts_with('/') ? options_.host
                                          : fmt::format("{}:{}", options_.host, options_.port);
  }

  redis::Answer<> listen(const std::stop_token& stop, EventSink& sink, std::size_t count) {
    const http::EndSignal end(stop, std::chrono::milliseconds(0));
    const auto end_fd = end.descriptor();
    if (!end_fd.has_value()) return std::unexpected(redis::Fault{.error = end_fd.error()});
    redis::Target target;
    target.host = options_.host;
    target.port = options_.port;
    target.tls = options_.tls;
    target.ca_file = options_.ca_file;
    target.user = options_.user;
    target.password = options_.password;
    target.database = options_.database;
    target.cancel_fd = *end_fd;
    auto connection = redis::Connection::open(target);
    if (!connection.has_value()) return std::unexpected(std::move(connection.error()));
    RedisReading reading(options_, options_.group.empty() ? "cordyna." + id() : options_.group,
                         *connection, sink);
    if (auto begun = reading.begin(count); !begun.has_value()) return begun;
    while (!stop.stop_requested()) {
      if (auto done = reading.step(count); !done.has_value()) return done;
    }
    return {};
  }

  RedisOptions options_;
};

std::unexpected<Error> refused_redis(std::string_view id, std::string_view why) {
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("input '{}': {}", fit(printable(id), 60), why));
}

Result<> check_redis(std::string_view id, const RedisOptions& options) {
  if (options.host.empty() || options.host.contains('\0')) {
    return refused_redis(id, "no host is named");
  }
  if (options.tls && options.host.starts_with('/')) {
    return refused_redis(id, "a Unix socket has no TLS");
  }
  if (!options.ca_file.empty() && !options.tls) return refused_redis(id, "'ca_file' wants TLS");
  if (!options.user.empty() && options.password.empty()) {
    return refused_redis(id, "a user wants a password");
  }
  if (options.streams.empty()) return refused_redis(id, "no stream is named");
  if (options.streams.size() > kStreamsMax) {
    return refused_redis(id, fmt::format("at most {} streams", kStreamsMax));
  }
  for (const std::string& stream : options.streams) {
    if (stream.empty() || stream.size() > 512) {
      return refused_redis(id, "the name of a stream has 1 to 512 bytes");
    }
    if (std::ranges::count(options.streams, stream) > 1) {
      return refused_redis(id, fmt::format("the stream '{}' is there twice", printable(stream)));
    }
  }
  if (options.claim_after.count() < 0) return refused_redis(id, "'claim_after' is negative");
  return {};
}

/// Two digits each.
std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    unsigned byte = 0;
    const char* const from = text.data() + i + 1;
    if (text[i] == '%' && i + 2 < text.size() &&
        std::from_chars(from, from + 2, byte, 16).ptr == from + 2) {
      out += static_cast<char>(byte);
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

template <class Number>
bool read_whole(std::string_view text, Number& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size();
}

/// "user:password@host:6379/0/a,b". What is wrong with it is not quoted: it may have a password.
bool read_address(std::string_view rest, RedisOptions& options) {
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos) {
    const std::string_view who = rest.substr(0, at);
    const std::size_t colon = who.find(':');
    if (colon == std::string_view::npos) return false;
    options.user = percent_decoded(who.substr(0, colon));
    options.password = percent_decoded(who.substr(colon + 1));
    rest.remove_prefix(at + 1);
  }
  const std::size_t slash = rest.find('/');
  if (slash == std::string_view::npos) return false;
  std::string_view where = rest.substr(0, slash);
  rest.remove_prefix(slash + 1);
  const std::size_t colon = where.ends_with(']') ? std::string_view::npos : where.rfind(':');
  if (colon != std::string_view::npos) {
    if (!read_whole(where.substr(colon + 1), options.port)) return false;
    where = where.substr(0, colon);
  }
  if (where.starts_with('[') && where.ends_with(']')) where = where.substr(1, where.size() - 2);
  options.host = where;
  const std::size_t second = rest.find('/');
  if (second == std::string_view::npos || !read_whole(rest.substr(0, second), options.database)) {
    return false;
  }
  rest.remove_prefix(second + 1);
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(','), rest.size());
    options.streams.push_back(percent_decoded(rest.substr(0, comma)));
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return true;
}

}  // namespace
}  // namespace input

Result<std::unique_ptr<Input>> redis_input(std::string id, RedisOptions options) {
  TRY(input::check_redis(id, options));
  return std::make_unique<input::RedisInput>(std::move(id), std::move(options));
}

Result<std::unique_ptr<Input>> make_redis_input(const InputConfig& config) {
  RedisOptions options;
  std::string_view text = config.connection_string;
  options.tls = text.starts_with("rediss://");
  const bool plain = text.starts_with("redis://");
  text.remove_prefix(options.tls ? 9 : plain ? 8 : 0);
  if ((!options.tls && !plain) || !input::read_address(text, options)) {
    return input::refused_redis(config.name,
                                "the connection string of Redis is "
                                "redis://USER:PASSWORD@HOST:PORT/DATABASE/STREAM,STREAM, with "
                                "rediss:// for TLS; user, password and port may be missing");
  }
  for (const Operation one : config.operations) {
    if (one == Operation::kCreate) continue;
    return input::refused_redis(
        config.name, fmt::format("the operation of entries is create; not {}", to_string(one)));
  }
  return redis_input(config.name, std::move(options));
}

}  // namespace cordyna
