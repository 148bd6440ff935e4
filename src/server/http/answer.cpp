#include "server/http/answer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/words.hpp"
#include "server/http/gzip.hpp"

namespace cordyna::server {
namespace {

constexpr std::size_t kGzipFrom = 1024;

std::string_view reason_of(int status) {
  struct Row {
    int status;
    std::string_view reason;
  };
  static constexpr auto kRows = std::to_array<Row>({
      {101, "Switching Protocols"},
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {206, "Partial Content"},
      {301, "Moved Permanently"},
      {302, "Found"},
      {303, "See Other"},
      {304, "Not Modified"},
      {307, "Temporary Redirect"},
      {308, "Permanent Redirect"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {410, "Gone"},
      {412, "Precondition Failed"},
      {413, "Content Too Large"},
      {415, "Unsupported Media Type"},
      {416, "Range Not Satisfiable"},
      {417, "Expectation Failed"},
      {421, "Misdirected Request"},
      {422, "Unprocessable Content"},
      {426, "Upgrade Required"},
      {428, "Precondition Required"},
      {429, "Too Many Requests"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {502, "Bad Gateway"},
      {503, "Service Unavailable"},
      {504, "Gateway Timeout"},
      {505, "HTTP Version Not Supported"},
  });
  const auto* row = std::ranges::find(kRows, status, &Row::status);
  return row == kRows.end() ? std::string_view() : row->reason;
}

bool is_ours(std::string_view name) {
  static constexpr auto kNames = std::to_array<std::string_view>(
      {"content-length", "transfer-encoding", "connection", "date"});
  return std::ranges::any_of(kNames, [name](std::string_view own) { return same_word(name, own); });
}

/// The same text in two forms must not carry one strong tag (RFC 9110, 8.8.3.3).
void weaken_tag(http::Headers& headers) {
  for (http::Header& header : headers) {
    if (same_word(header.name, "etag") && !header.value.starts_with("W/")) {
      header.value.insert(0, "W/");
    }
  }
}

/// A cache must not give one form to everybody.
void vary_by_encoding(http::Headers& headers) {
  const std::string* vary = http::find_header(headers, "Vary");
  const std::string said = vary == nullptr ? std::string() : ascii_lower(*vary);
  if (said != "*" && said.find("accept-encoding") == std::string::npos) {
    headers.push_back({"Vary", "Accept-Encoding"});
  }
}

/// Whether what was packed could be sent so, or unpacked.
bool take_packed(HttpResponse& response, const Asked& asked) {
  vary_by_encoding(response.headers);
  if (asked.gzip) {
    response.body = response.packed->gzip;
    weaken_tag(response.headers);
    response.headers.push_back({"Content-Encoding", "gzip"});
  } else {
    response.body = gunzip(response.packed->gzip, response.packed->bytes);
  }
  return !response.body.empty() || response.packed->bytes == 0;
}

/// Vary also where the text goes out as it is.
void compress(HttpResponse& response, const Asked& asked) {
  const std::string* type = http::find_header(response.headers, "Content-Type");
  if (response.source != nullptr || response.body.size() <= kGzipFrom || type == nullptr ||
      !is_compressible(*type) || response.status == 206 ||
      http::find_header(response.headers, "Content-Encoding") != nullptr) {
    return;
  }
  vary_by_encoding(response.headers);
  if (!asked.gzip) return;
  std::string smaller = gzip(response.body);
  if (smaller.empty()) return;
  response.body = std::move(smaller);
  weaken_tag(response.headers);
  response.headers.push_back({"Content-Encoding", "gzip"});
}

/// The first line and the headers; or what is wrong with them.
void write_head(const HttpResponse& response, Answer& answer) {
  answer.head = fmt::format("HTTP/1.1 {} {}\r\n", response.status, reason_of(response.status));
  for (const http::Header& header : response.headers) {
    if (!http::check_header(header).has_value()) {
      answer.wrong = "a header of the answer has a line break, or is none";
      return;
    }
    if (is_ours(header.name)) continue;
    answer.head.append(header.name).append(": ").append(header.value).append("\r\n");
  }
  answer.head += response.fixed_headers;
}

Answer switch_to_websocket(HttpResponse response, const Asked& asked) {
  Answer answer;
  if (asked.websocket_accept.empty() || response.websocket->peer == nullptr) {
    answer.wrong = "the answer is a WebSocket, and the request asked for none";
    return answer;
  }
  response.status = 101;
  response.headers.push_back({"Upgrade", "websocket"});
  response.headers.push_back({"Sec-WebSocket-Accept", asked.websocket_accept});
  if (!response.websocket->protocol.empty()) {
    response.headers.push_back({"Sec-WebSocket-Protocol", response.websocket->protocol});
  }
  write_head(response, answer);
  answer.head += "Connection: Upgrade\r\n";
  answer.websocket = std::move(response.websocket);
  return answer;
}

}  // namespace

Answer make_answer(HttpResponse response, const Asked& asked) {
  if (response.websocket.has_value()) return switch_to_websocket(std::move(response), asked);
  Answer answer;
  if (response.status < 200 || response.status > 599) {
    answer.wrong = "the answer's status is none";
    return answer;
  }
  if (response.packed.has_value()) {
    if (!take_packed(response, asked)) {
      answer.wrong = "the answer's packed body is none";
      return answer;
    }
  } else {
    compress(response, asked);
  }
  write_head(response, answer);
  const bool no_body = response.status == 204 || response.status == 304;
  if (no_body || !answer.wrong.empty()) return answer;
  if (response.source == nullptr) {
    fmt::format_to(std::back_inserter(answer.head), "Content-Length: {}\r\n", response.body.size());
  } else if (!asked.http10) {
    answer.head += "Transfer-Encoding: chunked\r\n";
    answer.chunked = true;
  }
  answer.close = response.source != nullptr && asked.http10;
  if (asked.head) return answer;
  answer.body = response.source == nullptr ? std::move(response.body) : std::string();
  answer.source = std::move(response.source);
  return answer;
}

std::string head_end(std::string_view date, bool close) {
  return fmt::format("Date: {}\r\n{}\r\n", date, close ? "Connection: close\r\n" : "");
}

std::string http_date(std::time_t at) {
  static constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  gmtime_r(&at, &utc);
  return fmt::format("{}, {:02} {} {} {:02}:{:02}:{:02} GMT",
                     kDays.at(static_cast<std::size_t>(utc.tm_wday)), utc.tm_mday,
                     kMonths.at(static_cast<std::size_t>(utc.tm_mon)), utc.tm_year + 1900,
                     utc.tm_hour, utc.tm_min, utc.tm_sec);
}

std::string chunk_begin(std::size_t bytes) {
  return fmt::format("{:x}\r\n", bytes);
}

}  // namespace cordyna::server
