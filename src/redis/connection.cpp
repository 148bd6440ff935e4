#include "redis/connection.hpp"

#include <fmt/format.h>
#include <hiredis/hiredis.h>

#include <array>
#include <utility>

#include "http/stream.hpp"

namespace cordyna::redis {
namespace {

struct FreeReply {
  void operator()(redisReply* reply) const { freeReplyObject(reply); }
};
using RawReply = std::unique_ptr<redisReply, FreeReply>;

std::unexpected<Fault> failed(Error error) {
  return std::unexpected(Fault{.error = std::move(error)});
}

/// An array of bulk strings: each with its length, so that any bytes are data.
std::string command_of(std::span<const std::string> words) {
  std::string out = fmt::format("*{}\r\n", words.size());
  for (const std::string& word : words) {
    out += fmt::format("${}\r\n", word.size());
    out += word;
    out += "\r\n";
  }
  return out;
}

/// The reader bounds the depth.
Reply reply_of(const redisReply& raw) {  // NOLINT(misc-no-recursion)
  Reply reply;
  switch (raw.type) {
    case REDIS_REPLY_INTEGER:
      reply.kind = Reply::Kind::kNumber;
      reply.number = raw.integer;
      break;
    case REDIS_REPLY_ARRAY:
      reply.kind = Reply::Kind::kList;
      reply.list.reserve(raw.elements);
      for (std::size_t i = 0; i < raw.elements; ++i) {
        reply.list.push_back(reply_of(*raw.element[i]));
      }
      break;
    case REDIS_REPLY_NIL: break;
    default:
      reply.kind = Reply::Kind::kText;
      reply.text.assign(raw.str, static_cast<std::size_t>(raw.len));
      break;
  }
  return reply;
}

Result<std::unique_ptr<http::Stream>> stream_to(const Target& target) {
  const http::Waits waits{target.connect_ms, target.idle_ms, target.cancel_fd};
  if (target.host.starts_with('/')) return http::connect_unix(target.host, waits);
  TRY_ASSIGN(http::Connected connected,
             http::connect_tcp(target.host, target.port, waits, http::Reach::kAnywhere));
  if (!target.tls) return std::move(connected.stream);
  return http::start_tls(std::move(connected.stream), target.host, {.ca_file = target.ca_file});
}

}  // namespace

struct Connection::State {
  // Here, for what the header names must have no part without a name of its own.
  struct FreeReader {
    void operator()(redisReader* one) const { redisReaderFree(one); }
  };

  std::unique_ptr<http::Stream> stream;
  std::unique_ptr<redisReader, FreeReader> reader;

  Answer<Reply> read() {
    std::array<char, std::size_t{32} << 10> buffer{};
    std::size_t bytes = 0;
    while (true) {
      void* found = nullptr;
      if (redisReaderGetReply(reader.get(), &found) != REDIS_OK) {
        return failed({ErrorCode::kUnavailable,
                       fmt::format("the server does not speak as Redis: {}", reader->errstr)});
      }
      if (found != nullptr) {
        const RawReply reply(static_cast<redisReply*>(found));
        if (reply->type != REDIS_REPLY_ERROR) return reply_of(*reply);
        return std::unexpected(fault_of({reply->str, static_cast<std::size_t>(reply->len)}));
      }
      const auto count = stream->read(buffer);
      if (!count.has_value()) return failed(count.error());
      if (*count == 0) return failed({ErrorCode::kUnavailable, "the server ended the connection"});
      bytes += *count;
      if (bytes > kReplyBytesMax) {
        Fault fault{.error = {ErrorCode::kInvalidArgument,
                              fmt::format("an answer has more than {} bytes", kReplyBytesMax)}};
        fault.too_large = true;
        return std::unexpected(std::move(fault));
      }
      if (redisReaderFeed(reader.get(), buffer.data(), *count) != REDIS_OK) {
        return failed({ErrorCode::kUnavailable, reader->errstr});
      }
    }
  }
};

Connection::Connection(std::unique_ptr<State> state) : state_(std::move(state)) {}
Connection::Connection(Connection&&) noexcept = default;
Connection& Connection::operator=(Connection&&) noexcept = default;
Connection::~Connection() = default;

Answer<Connection> Connection::open(const Target& target) {
  auto stream = stream_to(target);
  if (!stream.has_value()) return failed(std::move(stream.error()));
  auto state = std::make_unique<State>();
  state->stream = *std::move(stream);
  state->reader.reset(redisReaderCreate());
  if (state->reader == nullptr) return failed({ErrorCode::kUnavailable, "no memory"});
  Connection connection(std::move(state));
  if (!target.password.empty()) {
    std::vector<std::string> words{"AUTH"};
    if (!target.user.empty()) words.push_back(target.user);
    words.push_back(target.password);
    if (auto in = connection.ask(words); !in.has_value()) return std::unexpected(in.error());
  }
  if (target.database != 0) {
    auto chosen = connection.ask({"SELECT", fmt::format("{}", target.database)});
    if (!chosen.has_value()) return std::unexpected(chosen.error());
  }
  return connection;
}

Answer<Reply> Connection::ask(std::span<const std::string> words) {
  if (auto sent = state_->stream->write(command_of(words)); !sent.has_value()) {
    return failed(std::move(sent.error()));
  }
  return state_->read();
}

Answer<std::vector<Answer<Reply>>> Connection::ask_all(std::span<const Words> commands) {
  std::string all;
  for (const Words& words : commands) all += command_of(words);
  if (auto sent = state_->stream->write(all); !sent.has_value()) {
    return failed(std::move(sent.error()));
  }
  std::vector<Answer<Reply>> answers;
  answers.reserve(commands.size());
  while (answers.size() < commands.size()) {
    answers.push_back(state_->read());
    if (!answers.back().has_value() && answers.back().error().word.empty()) {
      return std::unexpected(answers.back().error());
    }
  }
  return answers;
}

Answer<Reply> Connection::next() {
  return state_->read();
}

}  // namespace cordyna::redis
