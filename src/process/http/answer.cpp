#include "process/http/answer.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cerrno>
#include <cstring>
#include <optional>
#include <utility>

#include "base/text.hpp"
#include "base/words.hpp"
#include "ports/launch.hpp"

namespace cordyna::web {
namespace {

namespace json = boost::json;

// Of what becomes a value, more could never be an output: the report has a frame around it.
constexpr std::size_t kValueBytesMax = kOutputsBytesMax - 1024;
// Whoever reads the outputs goes 32 levels deep.
constexpr std::size_t kLevelsMax = 28;

bool is_json(const http::Response& response) {
  const std::string type = ascii_lower(response.header("Content-Type"));
  std::string_view name(type);
  name = name.substr(0, name.find(';'));
  while (name.ends_with(' ')) name.remove_suffix(1);
  return name == "application/json" || name.ends_with("+json");
}

std::optional<json::value> parsed(std::string_view text) {
  json::parse_options options;
  options.max_depth = kLevelsMax;
  boost::system::error_code problem;
  json::value value = json::parse({text.data(), text.size()}, problem, {}, options);
  if (problem.failed()) return std::nullopt;
  return value;
}

std::string hidden_text(const json::string& text, const StepSecrets& secrets) {
  return secrets.hide({text.data(), text.size()});
}

/// Every text and name of it without secrets; a number that is one becomes a text.
json::value hidden_value(const json::value& value, const StepSecrets& secrets) {
  if (value.is_string()) return json::value(hidden_text(value.get_string(), secrets));
  if (value.is_array()) {
    json::array list;
    for (const json::value& item : value.get_array()) list.push_back(hidden_value(item, secrets));
    return list;
  }
  if (value.is_object()) {
    json::object object;
    for (const auto& item : value.get_object()) {
      object[secrets.hide(std::string(item.key()))] = hidden_value(item.value(), secrets);
    }
    return object;
  }
  const std::string text = json::serialize(value);
  const std::string shown = secrets.hide(text);
  return shown == text ? value : json::value(shown);
}

json::object headers_of(const http::Response& response, const StepSecrets& secrets) {
  json::object headers;
  for (const http::Header& header : response.headers) {
    const std::string name = ascii_lower(header.name);
    const std::string value = printable(secrets.hide(header.value));
    json::value& into = headers[name];
    into = into.is_string() ? json::value(fmt::format("{}, {}", into.get_string().c_str(), value))
                            : json::value(value);
  }
  return headers;
}

}  // namespace

AnswerBody::~AnswerBody() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(path_.c_str());  // half an answer is none
}

Result<> AnswerBody::begin(const http::Response& head) {
  return check_size(head.length.value_or(0));
}

Result<> AnswerBody::check_size(std::uint64_t bytes) const {
  if (bytes <= bytes_max_) return {};
  return fail(ErrorCode::kInvalidArgument,
              fmt::format("the answer is larger than {} bytes, the limit of transfer.max_size",
                          grouped(bytes_max_)));
}

Result<> AnswerBody::take(std::string_view piece) {
  TRY(check_size(bytes_ + piece.size()));
  bytes_ += piece.size();
  if (fd_ < 0 && text_.size() + piece.size() > kValueBytesMax) TRY(to_file());
  if (fd_ >= 0) return write_file(piece);
  text_ += piece;
  return {};
}

Result<> AnswerBody::to_file() {
  if (in_file()) return {};
  fd_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  TRY(write_file(text_));
  text_.clear();
  return {};
}

Result<> AnswerBody::write_file(std::string_view bytes) {
  while (fd_ >= 0 && !bytes.empty()) {
    const ssize_t n = ::write(fd_, bytes.data(), bytes.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) break;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  if (fd_ >= 0 && bytes.empty()) return {};
  return fail(errno == ENOSPC || errno == EDQUOT ? ErrorCode::kNoSpace : ErrorCode::kUnavailable,
              fmt::format("cannot write {}: {}", path_, std::strerror(errno)));
}

Result<> AnswerBody::end() {
  if (fd_ < 0) return {};
  closed_ = true;
  if (::close(std::exchange(fd_, -1)) == 0) return {};
  return fail(errno == ENOSPC || errno == EDQUOT ? ErrorCode::kNoSpace : ErrorCode::kUnavailable,
              fmt::format("cannot write {}: {}", path_, std::strerror(errno)));
}

Result<AnswerOutputs> outputs_of(const http::Response& response, AnswerBody& body,
                                 const StepSecrets& secrets) {
  json::object outputs{{"status", response.status}, {"headers", headers_of(response, secrets)}};
  std::string said;
  if (!body.in_file()) {
    std::optional<json::value> value = is_json(response) ? parsed(body.text()) : std::nullopt;
    if (value.has_value()) {
      outputs["json"] = hidden_value(*value, secrets);
    } else if (is_utf8(body.text())) {
      if (is_json(response) && !body.text().empty()) {
        said = fmt::format(
            "the answer says that it is JSON, and is none, or has more than {} "
            "levels: it is the output body",
            kLevelsMax);
      }
      outputs["body"] = secrets.hide(body.text());
    } else {
      said = "the answer is no text: it is the artifact 'body', which body_file names";
      TRY(body.to_file());
    }
    if (json::serialize(outputs).size() > kValueBytesMax) TRY(body.to_file());
  }
  if (body.in_file()) {
    outputs.erase("json");
    outputs.erase("body");
    outputs["body_file"] = body.path();
    if (said.empty()) {
      said = fmt::format(
          "{} bytes are too much for outputs: the answer is the artifact 'body', "
          "which body_file names",
          grouped(body.bytes()));
    }
  }
  TRY(body.end());
  std::string text = json::serialize(outputs);
  if (text.size() <= kValueBytesMax) return AnswerOutputs{std::move(text), std::move(said)};
  return fail(ErrorCode::kInvalidArgument, "the answer's headers are too large for outputs");
}

}  // namespace cordyna::web
