#include "protocol/envelope.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <charconv>
#include <memory>
#include <utility>

#include "base/json_text.hpp"
#include "base/text.hpp"

namespace cordyna::protocol {
namespace {

namespace json = boost::json;

using shape::Field;
using shape::Flaw;
using shape::JsonBody;
using shape::ValueType;

constexpr std::size_t kDepthMax = 32;
constexpr std::int64_t kIdMax = 128;
constexpr std::array kSpecVersions{std::string_view("1.0")};
constexpr std::array kContentTypes{std::string_view("application/json")};

constexpr std::array kEnvelopeFields{
    Field{"specversion", ValueType::kString, true, "Of CloudEvents.", kSpecVersions},
    Field{"id", ValueType::kString, true, "", {}, {}, 0, kIdMax},
    Field{"source", ValueType::kString, true, "", {}, {}, 0, 256},
    Field{"type", ValueType::kString, true, "", {}, {}, 0, 128},
    Field{"time", ValueType::kTime, false, ""},
    Field{"subject", ValueType::kString, false, "", {}, {}, 0, 512},
    Field{"datacontenttype", ValueType::kString, false, "", kContentTypes},
    Field{"session", ValueType::kString, false, "", {}, {}, 0, 128},
    Field{"seq", ValueType::kString, false, "", {}, {}, 0, 20},
    Field{"traceparent", ValueType::kString, false, "", {}, {}, 0, 64},
    Field{"data", ValueType::kObject, true, ""}};
constexpr shape::ObjectSpec kEnvelope{"Envelope", "", kEnvelopeFields};

BadMessage bad(const JsonBody& body, std::string code, std::vector<Flaw> flaws) {
  // Only what is short enough to be one is given back.
  std::string id = body.text("id");
  if (id.size() > static_cast<std::size_t>(kIdMax)) id.clear();
  return {std::move(id), fit(printable(body.text("type")), 128), std::move(code), std::move(flaws)};
}

/// 0: it is missing. False: it is no number from 1.
bool read_seq(const std::string& text, std::uint64_t& seq) {
  if (text.empty()) return true;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, seq);
  return error == std::errc() && stop == end && seq > 0;
}

ReadMessage read_one(const JsonBody& body, Direction from) {
  auto flaws = shape::check_body(body, kEnvelope, {}, shape::Unknown::kIgnored, "#");
  Message message;
  message.head = {body.text("id"),
                  body.text("source"),
                  body.text("subject"),
                  body.text("session"),
                  0,
                  body.text("traceparent"),
                  0};
  if (flaws.empty() && message.head.id.empty()) flaws.push_back({"#/id", "is empty"});
  if (flaws.empty() && message.head.source.empty()) flaws.push_back({"#/source", "is empty"});
  if (flaws.empty() && !read_seq(body.text("seq"), message.head.seq)) {
    flaws.push_back({"#/seq", "must be a number from 1, as a string of digits"});
  }
  if (!flaws.empty()) return bad(body, "malformed", std::move(flaws));
  message.head.time = parse_timestamp(body.text("time")).value_or(0);
  message.spec = find_message(body.text("type"));
  if (message.spec == nullptr) {
    return bad(body, "unknown_type", {{"#/type", "no message has this type"}});
  }
  if (message.spec->direction != Direction::kBoth && message.spec->direction != from) {
    return bad(body, "wrong_direction",
               {{"#/type", from == Direction::kToCerebro ? "only cerebro sends this"
                                                         : "only a task server sends this"}});
  }
  message.data = body.object("data");
  flaws = shape::check_body(message.data, *message.spec->data, message_objects(),
                            shape::Unknown::kIgnored, "#/data");
  if (!flaws.empty()) return bad(body, "invalid", std::move(flaws));
  return message;
}

ReadMessage read_value(const std::shared_ptr<const json::value>& whole, const json::value& one,
                       std::string_view place, Direction from) {
  if (!one.is_object()) {
    return BadMessage{{}, {}, "malformed", {{std::string(place), "must be an object"}}};
  }
  return read_one(JsonBody(std::shared_ptr<const json::object>(whole, &one.get_object())), from);
}

std::vector<ReadMessage> refused(std::string code, std::string detail) {
  std::vector<ReadMessage> out;
  out.emplace_back(BadMessage{{}, {}, std::move(code), {{"#", std::move(detail)}}});
  return out;
}

}  // namespace

MessageReader::MessageReader(std::string_view text, Direction from) : from_(from) {
  if (text.size() > kListMax) {
    refused_ = refused("too_large", fmt::format("has more than {} bytes", kListMax));
    return;
  }
  if (auto flaw = shape::json_flaw(text); flaw.has_value()) {
    refused_ = refused("malformed", *std::move(flaw));
    return;
  }
  json::parse_options options;
  options.max_depth = kDepthMax;
  json::error_code error;
  auto whole =
      std::make_shared<const json::value>(json::parse(text, error, json::storage_ptr(), options));
  if (error) {
    refused_ = refused("malformed", fmt::format("is no JSON: {}", error.message()));
  } else if (!whole->is_array() && text.size() > kMessageMax) {
    refused_ = refused("too_large", fmt::format("has more than {} bytes", kMessageMax));
  } else if (whole->is_array() && whole->get_array().size() > kBatchMax) {
    refused_ = refused("too_large", fmt::format("has more than {} messages", kBatchMax));
  } else {
    if (whole->is_array()) count_ = whole->get_array().size();
    whole_ = std::move(whole);
  }
}

std::vector<ReadMessage> MessageReader::next(std::size_t most) {
  const std::size_t end = next_ + std::min(most, left());
  if (whole_ == nullptr) {
    next_ = end;
    return std::exchange(refused_, {});
  }
  std::vector<ReadMessage> out;
  out.reserve(end - next_);
  for (; next_ < end; ++next_) {
    if (whole_->is_array()) {
      out.push_back(
          read_value(whole_, whole_->get_array()[next_], fmt::format("#/{}", next_), from_));
    } else {
      out.push_back(read_value(whole_, *whole_, "#", from_));
    }
  }
  return out;
}

std::vector<ReadMessage> read_messages(std::string_view text, Direction from) {
  return MessageReader(text, from).next(kBatchMax);
}

std::string write_message(MessageKind kind, const Head& head, std::string_view data) {
  const MessageSpec& spec = message_spec(kind);
  std::string out = fmt::format(R"({{"specversion":"1.0","id":{},"source":{},"type":"{}")",
                                json_string(head.id), json_string(head.source), spec.type);
  const auto add = [&out](std::string_view name, std::string_view value) {
    if (!value.empty()) out += fmt::format(R"(,"{}":{})", name, json_string(value));
  };
  if (head.time != 0) add("time", format_timestamp(head.time));
  add("subject", head.subject);
  add("session", head.session);
  if (head.seq != 0) add("seq", fmt::format("{}", head.seq));
  add("traceparent", head.trace_parent);
  out += fmt::format(R"(,"datacontenttype":"application/json","data":{}}})", data);
  return out;
}

std::string problem_data(const BadMessage& bad, bool is_fatal) {
  std::string message;
  for (const Flaw& flaw : bad.flaws) {
    message += fmt::format("{}{}: {}", message.empty() ? "" : "; ", flaw.at, flaw.detail);
  }
  std::string out = "{";
  if (!bad.id.empty()) out += fmt::format(R"("of":{},)", json_string(bad.id));
  out +=
      fmt::format(R"("code":"{}","message":{},"path":{},"fatal":{}}})", bad.code,
                  json_string(fit(message, 16'000)),
                  json_string(bad.flaws.empty() ? "" : fit(bad.flaws.front().at, 1000)), is_fatal);
  return out;
}

}  // namespace cordyna::protocol
