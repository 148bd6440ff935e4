#include "process/data/text_join.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "process/data/csv_header.hpp"
#include "process/data/whole_file.hpp"

namespace cordyna::data {
namespace {

constexpr std::size_t kJoinFrontBytes = std::size_t{1} << 20;
constexpr std::string_view kMark = "\xef\xbb\xbf";

/// The place behind so many line breaks.
std::size_t behind_lines(std::string_view text, std::size_t lines) {
  std::size_t at = 0;
  for (; lines > 0; --lines) {
    const std::size_t end = text.find('\n', at);
    if (end == std::string_view::npos) return text.size();
    at = end + 1;
  }
  return at;
}

}  // namespace

Result<TextJoin> TextJoin::create(const std::string& path, JoinShape shape) {
  TextJoin join;
  join.shape_ = std::move(shape);
  join.path_ = path;
  join.out_.open(path, std::ios::binary | std::ios::trunc);
  if (join.out_.is_open()) return join;
  return fail(ErrorCode::kUnavailable,
              fmt::format("cannot write {}: {}", path, std::strerror(errno)));
}

Result<> TextJoin::write(std::string_view text) {
  if (text.empty()) return {};
  lines_ += static_cast<std::uint64_t>(std::ranges::count(text, '\n'));
  last_ = text.back();
  errno = 0;
  out_.write(text.data(), static_cast<std::streamsize>(text.size()));
  if (out_.good()) return {};
  const bool full = errno == ENOSPC || errno == EDQUOT;
  return fail(full ? ErrorCode::kNoSpace : ErrorCode::kUnavailable,
              fmt::format("cannot write {}: {}", path_, std::strerror(errno)));
}

/// DuckDB reads a file whose lines end in two ways as it likes.
Result<> TextJoin::check_line_end(std::string_view text, const std::string& shown) {
  const std::size_t end = text.find('\n');
  if (end == std::string_view::npos) return {};
  const std::string_view found = end > 0 && text[end - 1] == '\r' ? "\r\n" : "\n";
  if (line_end_.empty()) {
    line_end_ = found;
    first_ = shown;
  }
  if (line_end_ == found) return {};
  return fail(ErrorCode::kConflict,
              fmt::format("the lines of {} end with {}, those of {} with {}", shown,
                          found == "\n" ? "LF" : "CR LF", first_, found == "\n" ? "CR LF" : "LF"));
}

/// What the file begins with, up to its first row; then the rest of what came.
Result<> TextJoin::begin_text(const std::string& shown) {
  std::string_view text = front_;
  if (text.starts_with(kMark)) text.remove_prefix(kMark.size());
  TRY(check_line_end(text, shown));
  if (shape_.header) {
    const Result<CsvHeader> parsed = parse_csv_header(text, shape_.delimiter, shape_.quote);
    if (!parsed.has_value()) {
      return fail(ErrorCode::kConflict, fmt::format("{}: {}", shown, parsed.error().message));
    }
    const std::size_t end = behind_lines(text, parsed->lines);
    std::string_view header = text.substr(0, end);
    while (header.ends_with('\n') || header.ends_with('\r')) header.remove_suffix(1);
    if (header_.empty()) {
      header_ = header;
      if (first_.empty()) first_ = shown;
      TRY(write(header_ + (line_end_.empty() ? "\n" : line_end_)));
    } else if (header != header_) {
      return fail(ErrorCode::kConflict,
                  fmt::format("{} does not begin with the header that {} has", shown, first_));
    }
    text.remove_prefix(end);
  }
  TRY(write(text));
  front_.clear();
  return {};
}

Result<JoinedLines> TextJoin::add(const std::string& path, const std::string& compression,
                                  const std::string& shown, std::uint64_t bytes_max) {
  bool begun = false;
  bool any = false;
  std::uint64_t before = lines_;
  const bool had_header = !header_.empty();
  const auto take = [&](std::string_view piece) -> Result<> {
    any = any || !piece.empty();
    if (begun) return write(piece);
    front_ += piece;
    if (front_.size() < kJoinFrontBytes) return {};
    begun = true;
    return begin_text(shown);
  };
  front_.clear();
  TRY(unpack(path, compression, bytes_max, take));
  if (any && !begun) TRY(begin_text(shown));
  if (last_ != '\n') TRY(write(line_end_.empty() ? "\n" : line_end_));
  if (!had_header && !header_.empty()) {
    before += static_cast<std::uint64_t>(std::ranges::count(header_, '\n')) + 1;
  }
  return JoinedLines{before + 1, lines_};
}

Result<> TextJoin::finish() {
  out_.close();
  if (!out_.fail()) return {};
  return fail(ErrorCode::kUnavailable,
              fmt::format("cannot write {}: {}", path_, std::strerror(errno)));
}

}  // namespace cordyna::data
