#include "process/local/output_log.hpp"

#include <fcntl.h>

#include <algorithm>
#include <cerrno>
#include <charconv>

#include "model/layout.hpp"
#include "model/log_format.hpp"
#include "process/local/files.hpp"

namespace cordyna::local {
namespace {

constexpr std::size_t kErrorLineBytes = 300;

bool is_blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

}  // namespace

OutputLog::OutputLog(int folder, std::size_t bytes_max, const std::vector<std::string>& secrets)
    : folder_(folder),
      bytes_max_(bytes_max),
      masks_(secrets),
      out_{'o', Masker(masks_), {}, false},
      error_stream_{'e', Masker(masks_), {}, false} {}

void OutputLog::go_on(std::uint64_t bytes) {
  bytes_ = bytes;
  goes_on_ = true;
  truncated_ = bytes >= bytes_max_;
}

void OutputLog::add(OutputStream which, std::string_view bytes, Millis now) {
  Stream& stream = which == OutputStream::kOut ? out_ : error_stream_;
  clear_.clear();
  stream.masker.feed(bytes, clear_);
  split(stream, clear_, now);
  write_out();
}

bool OutputLog::has_unfinished() const {
  return !out_.line.empty() || !error_stream_.line.empty();
}

void OutputLog::flush_unfinished(Millis now) {
  for (Stream* stream : {&out_, &error_stream_}) {
    if (stream->line.empty()) continue;
    put(*stream, stream->line, now);
    stream->line.clear();
    stream->continued = true;
  }
  write_out();
}

void OutputLog::finish(Millis now) {
  for (Stream* stream : {&out_, &error_stream_}) {
    clear_.clear();
    stream->masker.finish(clear_);
    split(*stream, clear_, now);
    if (!stream->line.empty()) end_line(*stream, now);
  }
  write_out();
}

void OutputLog::note(std::string_view text, Millis now) {
  put_record('s', text, now);
  write_out();
}

std::string OutputLog::last_error_line() const {
  return clean_text(last_error_, kErrorLineBytes);
}

void OutputLog::split(Stream& stream, std::string_view text, Millis now) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    std::string_view part = text.substr(0, end);
    while (stream.line.size() + part.size() > kLogTextMax) {
      const std::size_t fits = kLogTextMax - stream.line.size();
      stream.line += part.substr(0, fits);
      part.remove_prefix(fits);
      put(stream, stream.line, now);
      stream.line.clear();
      stream.continued = true;
    }
    stream.line += part;
    if (end == std::string_view::npos) return;
    end_line(stream, now);
    text.remove_prefix(end + 1);
  }
}

void OutputLog::end_line(Stream& stream, Millis now) {
  // An empty rest of a line that was written before adds nothing.
  if (!stream.line.empty() || !stream.continued) put(stream, stream.line, now);
  stream.line.clear();
  stream.continued = false;
}

void OutputLog::put(Stream& stream, std::string_view text, Millis now) {
  if (stream.letter == 'e' && !stream.continued && !is_blank(text)) {
    last_error_ = text.substr(0, 4 * kErrorLineBytes);
  }
  const auto upper = static_cast<char>(stream.letter - 'a' + 'A');
  put_record(stream.continued ? upper : stream.letter, text, now);
}

void OutputLog::put_record(char letter, std::string_view text, Millis now) {
  if (truncated_ || error_ != 0) return;
  char number[24];
  const char* const end = std::to_chars(number, number + sizeof number, now).ptr;
  const std::string_view at(number, static_cast<std::size_t>(end - number));
  if (bytes_ + at.size() + text.size() + 4 > bytes_max_ && letter != 's') {
    truncated_ = true;
    letter = 's';
    text = "the output is larger than its cap; the rest is dropped";
  }
  const std::size_t before = buffer_.size();
  buffer_ += letter;
  buffer_ += ' ';
  buffer_ += at;
  buffer_ += ' ';
  buffer_ += text;
  buffer_ += '\n';
  bytes_ += buffer_.size() - before;
}

void OutputLog::write_out() {
  if (buffer_.empty() || error_ != 0) return;
  if (!file_.valid()) {
    const std::string name(attempt_file::kLog);
    file_ = Fd(openat(
        folder_, name.c_str(),
        O_WRONLY | O_CREAT | (goes_on_ ? 0 : O_EXCL) | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file_.valid()) error_ = errno;
  }
  if (error_ == 0) error_ = write_all(file_.get(), buffer_);
  buffer_.clear();
}

}  // namespace cordyna::local
