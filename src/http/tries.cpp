#include "http/tries.hpp"

#include <fmt/format.h>
#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <ctime>

namespace cordyna::http {
namespace {

/// False: the descriptor became readable.
bool wait_by_clock(Millis delay, int cancel_fd) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(delay);
  while (true) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (left.count() <= 0) return true;
    pollfd cancel{cancel_fd, POLLIN, 0};
    const int n = poll(&cancel, 1, static_cast<int>(left.count()));
    if (n > 0 || (n < 0 && errno != EINTR)) return false;
  }
}

/// The text between <name> and </name> of an S3 error.
std::string_view tag(std::string_view xml, std::string_view name) {
  const std::string open = fmt::format("<{}>", name);
  const std::size_t begin = xml.find(open);
  const std::size_t end = xml.find(fmt::format("</{}>", name));
  if (begin == std::string_view::npos || end == std::string_view::npos) return {};
  const std::size_t from = begin + open.size();
  return end < from ? std::string_view() : xml.substr(from, end - from);
}

/// One short line of what the server said besides its status; of a page for browsers nothing.
std::string said(const Response& response) {
  std::string_view body = response.body;
  std::string text;
  if (const std::string_view code = tag(body, "Code"); !code.empty()) {
    text = fmt::format("{}: {}", code, tag(body, "Message"));
  } else if (const std::size_t first = body.find_first_not_of(" \t\r\n");
             first != std::string_view::npos && body[first] != '<') {
    text = body.substr(first);
  }
  constexpr std::size_t kMax = 200;
  if (text.size() > kMax) {
    std::size_t end = kMax;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
    text = text.substr(0, end) + "…";
  }
  std::ranges::replace_if(text, [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; }, ' ');
  while (text.ends_with(' ')) text.pop_back();
  return text;
}

}  // namespace

bool is_passing(int status) {
  return status == 408 || status == 425 || status == 429 || (status >= 500 && status <= 599);
}

Millis retry_after(const Response& response, Millis now) {
  const std::string text = response.header("Retry-After");
  if (text.empty()) return -1;
  std::int64_t seconds = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  if (error == std::errc() && end == text.data() + text.size()) {
    constexpr std::int64_t kMax = std::int64_t{1} << 32;
    return std::clamp<std::int64_t>(seconds, 0, kMax) * 1000;
  }
  std::tm date{};
  if (strptime(text.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &date) == nullptr) return -1;
  return std::max<Millis>(0, static_cast<Millis>(timegm(&date)) * 1000 - now);
}

Error status_error(const Response& response, std::string_view what) {
  const int status = response.status;
  std::string message = fmt::format("{}: the server answered {}", what, status);
  if (!response.reason.empty()) message += " " + response.reason;
  const std::string more = said(response);
  if (!more.empty()) message += fmt::format(" ({})", more);
  // S3's own word for a body that came too slowly.
  const bool slow = response.body.find("<Code>RequestTimeout</Code>") != std::string::npos;
  ErrorCode code = ErrorCode::kInvalidArgument;
  if (is_passing(status) || slow) {
    code = ErrorCode::kUnavailable;
  } else if (status == 404 || status == 410) {
    code = ErrorCode::kNotFound;
  } else if (status == 401 || status == 403 || status == 407) {
    code = ErrorCode::kDenied;
    if (status == 401 && more.empty()) message += ": credentials are missing, or wrong";
  }
  return {code, std::move(message)};
}

Result<> Tries::next(Error error, Millis retry_after) {
  if (error.code != ErrorCode::kUnavailable) return std::unexpected<Error>(std::move(error));
  if (retry_after > kRetryAfterMax) {
    error.message += fmt::format("; it wants to be left alone for {}", format_delay(retry_after));
    return std::unexpected<Error>(std::move(error));
  }
  if (count_ >= options_.attempts) {
    if (count_ > 1) error.message += fmt::format("; tried {} times", count_);
    return std::unexpected<Error>(std::move(error));
  }
  constexpr int kDoublings = 16;
  const Millis doubled = options_.delay << std::min(count_ - 1, kDoublings);
  const Millis delay = std::max(std::min(doubled, kTryDelayMax), retry_after);
  ++count_;
  if (options_.say) {
    options_.say(fmt::format("{}; attempt {} of {} in {}", error.message, count_, options_.attempts,
                             format_delay(delay)));
  }
  const bool goes_on =
      options_.wait ? options_.wait(delay) : wait_by_clock(delay, options_.client.waits.cancel_fd);
  if (goes_on) return {};
  return fail(ErrorCode::kCancelled, what_ + ": asked to end");
}

}  // namespace cordyna::http
