#include "server/http/head_scanner.hpp"

namespace cordyna::server {
namespace {

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

}  // namespace

bool HeadScanner::refuse(int status, std::string_view detail) {
  refusal_ = {.status = status, .detail = detail};
  return false;
}

bool HeadScanner::check_first_line(std::string_view line) {
  constexpr std::string_view kName = "HTTP/";
  const std::size_t space = line.rfind(' ');
  const std::string_view version =
      space == std::string_view::npos ? std::string_view() : line.substr(space + 1);
  if (version.size() != kName.size() + 3 || !version.starts_with(kName) || version[6] != '.' ||
      !is_digit(version[5]) || !is_digit(version[7])) {
    return refuse(400, "the first line is not a method, a target and HTTP/1.1");
  }
  if (version != "HTTP/1.1" && version != "HTTP/1.0") {
    return refuse(505, "this server speaks HTTP/1.1 and HTTP/1.0");
  }
  return true;
}

bool HeadScanner::take_line(std::string_view line) {
  if (++lines_ == 1) return check_first_line(line);
  if (lines_ > headers_max_ + 1 && !line.empty()) return refuse(431, "too many headers");
  return true;
}

bool HeadScanner::take_char(std::string_view bytes, std::size_t at) {
  const auto c = static_cast<unsigned char>(bytes[at]);
  const bool behind_cr = at > line_begin_ && bytes[at - 1] == '\r';
  if (c == '\n') return behind_cr || refuse(400, "a line of the head ends with LF without CR");
  if (behind_cr) return refuse(400, "a CR stands alone in the head");
  if (at == line_begin_ && (c == ' ' || c == '\t')) {
    return refuse(400, "a line of the head begins with a space");
  }
  if ((c < ' ' && c != '\t' && c != '\r') || c == 0x7f) {
    return refuse(400, "a control character stands in the head");
  }
  return true;
}

std::size_t HeadScanner::scan(std::string_view bytes) {
  for (; scanned_ < bytes.size(); ++scanned_) {
    if (scanned_ >= bytes_max_) break;
    if (refusal_.status != 0 || !take_char(bytes, scanned_)) return 0;
    if (bytes[scanned_] != '\n') continue;
    const std::string_view line = bytes.substr(line_begin_, scanned_ - 1 - line_begin_);
    line_begin_ = scanned_ + 1;
    if (!take_line(line)) return 0;
    if (line.empty()) return ++scanned_;
  }
  if (scanned_ >= bytes_max_) refuse(431, "the head is too long");
  return 0;
}

}  // namespace cordyna::server
