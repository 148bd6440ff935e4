#include "process/data/csv_header.hpp"

#include <algorithm>
#include <utility>

namespace cordyna::data {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

std::string trim(const std::string& text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") + 1 - first);
}

class HeaderParser {
 public:
  HeaderParser(std::string_view text, std::string_view delimiter, char quote)
      : text_(text), delimiter_(delimiter), quote_(quote) {}

  Result<CsvHeader> parse() {
    while (at_ < text_.size() && !at_line_end()) {
      const char c = text_[at_];
      if (quote_ != '\0' && c == quote_ && trim(name_).empty()) {
        TRY(quoted());
      } else if (!delimiter_.empty() && text_.substr(at_).starts_with(delimiter_)) {
        finish_name();
        at_ += delimiter_.size();
      } else {
        name_ += c;
        ++at_;
      }
    }
    finish_name();
    return std::move(header_);
  }

 private:
  [[nodiscard]] bool at_line_end() const {
    const std::string_view rest = text_.substr(at_);
    return rest.starts_with('\n') || rest.starts_with('\r');
  }

  Result<> quoted() {
    name_.clear();
    for (++at_; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == quote_) {
        const bool doubled = at_ + 1 < text_.size() && text_[at_ + 1] == quote_;
        if (!doubled) {
          ++at_;
          return {};
        }
        ++at_;
      }
      if (c == '\n') ++header_.lines;
      name_ += c;
    }
    return fail(ErrorCode::kInvalidArgument, "a quote in its header is never closed");
  }

  void finish_name() {
    header_.names.push_back(trim(name_));
    name_.clear();
  }

  std::string_view text_;
  std::string_view delimiter_;
  char quote_;
  std::size_t at_ = 0;
  std::string name_;
  CsvHeader header_;
};

}  // namespace

Result<CsvHeader> parse_csv_header(std::string_view text, std::string_view delimiter,
                                   std::string_view quote) {
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  if (text.find_first_not_of("\r\n") == std::string_view::npos) {
    return fail(ErrorCode::kInvalidArgument, "it is empty");
  }
  return HeaderParser(text, delimiter, quote.empty() ? '\0' : quote.front()).parse();
}

}  // namespace cordyna::data
