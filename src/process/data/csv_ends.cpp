#include "process/data/csv_ends.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace cordyna::data {
namespace {

constexpr std::size_t kBufferBytes = std::size_t{4} << 20;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  int fd_;
};

std::unexpected<Error> refuse(const std::string& path) {
  return fail(ErrorCode::kUnavailable, fmt::format("{}: {}", path, std::strerror(errno)));
}

Result<> write_all(int fd, std::string_view text, const std::string& path) {
  while (!text.empty()) {
    const ssize_t n = write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return refuse(path);
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return {};
}

std::string_view without_end(std::string_view record) {
  if (record.ends_with('\n')) record.remove_suffix(1);
  if (record.ends_with('\r')) record.remove_suffix(1);
  return record;
}

class Records {
 public:
  explicit Records(const CsvShape& shape) : shape_(shape) {
    endings_.emplace_back(1, shape.delimiter);
    for (const std::string& null : shape.nulls) endings_.push_back(shape.delimiter + null);
  }

  /// Bytes of the first record of `text` with its line break; npos: its end is not there.
  [[nodiscard]] std::size_t first(std::string_view text) const {
    const std::size_t line = text.find('\n');
    const std::size_t quote =
        shape_.quote == '\0' ? std::string_view::npos : text.substr(0, line).find(shape_.quote);
    if (quote == std::string_view::npos) return line == std::string_view::npos ? line : line + 1;
    const std::size_t end = walk(text, nullptr);
    return end < text.size() ? end + 1 : std::string_view::npos;
  }

  [[nodiscard]] bool overlong(std::string_view record) const {
    record = without_end(record);
    if (shape_.quote != '\0' && record.find(shape_.quote) != std::string_view::npos) {
      std::vector<std::string> values;
      walk(record, &values);
      return values.size() > shape_.columns &&
             (values.back().empty() ||
              std::ranges::find(shape_.nulls, values.back()) != shape_.nulls.end());
    }
    const auto ends = [record](const std::string& ending) { return record.ends_with(ending); };
    if (std::ranges::none_of(endings_, ends)) return false;
    const auto delimiters = std::ranges::count(record, shape_.delimiter);
    return static_cast<std::size_t>(delimiters) >= shape_.columns;
  }

 private:
  /// The place of the line break that ends the first record, or the end of the text.
  std::size_t walk(std::string_view text, std::vector<std::string>* values) const {
    std::string value;
    bool begins = true;
    std::size_t at = 0;
    for (; at < text.size() && text[at] != '\n'; ++at) {
      if (text[at] == shape_.delimiter) {
        if (values != nullptr) values->push_back(std::move(value));
        value.clear();
        begins = true;
        continue;
      }
      if (begins && text[at] == shape_.quote) {
        at = quoted(text, at, value);
        if (at >= text.size()) break;
      } else if (values != nullptr) {
        value += text[at];
      }
      begins = false;
    }
    if (values != nullptr) values->push_back(std::move(value));
    return at;
  }

  /// The place of the quote that closes the one at `at`, or the end of the text.
  std::size_t quoted(std::string_view text, std::size_t at, std::string& value) const {
    for (++at; at < text.size(); ++at) {
      if (text[at] == shape_.quote) {
        if (at + 1 >= text.size() || text[at + 1] != shape_.quote) return at;
        ++at;
      }
      value += text[at];
    }
    return at;
  }

  const CsvShape& shape_;
  std::vector<std::string> endings_;
};

/// Calls `each` with every record, in order; of records that are too long, with their pieces and
/// `whole` false.
template <class Each>
Result<> read_records(const std::string& path, const Records& records, const Each& each) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return refuse(path);
  std::string buffer(kBufferBytes, '\0');
  std::size_t held = 0;
  bool whole = true;
  for (;;) {
    const ssize_t n = read(file.get(), buffer.data() + held, buffer.size() - held);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return refuse(path);
    const bool end = n == 0;
    std::string_view text(buffer.data(), held + static_cast<std::size_t>(n));
    while (!text.empty()) {
      const std::size_t taken = records.first(text);
      if (taken == std::string_view::npos) break;
      TRY(each(text.substr(0, taken), whole));
      whole = true;
      text.remove_prefix(taken);
    }
    if (!text.empty() && (end || text.size() == buffer.size())) {
      whole = whole && end;
      TRY(each(text, whole));
      text = {};
    }
    if (end) return {};
    if (!text.empty()) std::memmove(buffer.data(), text.data(), text.size());
    held = text.size();
  }
}

}  // namespace

Result<std::uint64_t> count_overlong(const std::string& path, const CsvShape& shape) {
  const Records records(shape);
  std::uint64_t count = 0;
  TRY(read_records(path, records, [&](std::string_view record, bool whole) -> Result<> {
    if (whole && records.overlong(record)) ++count;
    return {};
  }));
  return count;
}

Result<> mark_overlong(const std::string& from, const std::string& to, const CsvShape& shape) {
  const Records records(shape);
  const Descriptor out(open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (out.get() < 0) return refuse(to);
  std::string pending;
  const auto flush = [&]() -> Result<> {
    TRY(write_all(out.get(), pending, to));
    pending.clear();
    return {};
  };
  TRY(read_records(from, records, [&](std::string_view record, bool whole) -> Result<> {
    const std::string_view content = without_end(record);
    pending += content;
    if (whole && records.overlong(record)) pending += kOverlongMark;
    pending += record.substr(content.size());
    return pending.size() < kBufferBytes ? Result<>() : flush();
  }));
  return flush();
}

}  // namespace cordyna::data
