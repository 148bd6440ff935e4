#include "server/tasks/task_log.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string_view>

#include "base/text.hpp"
#include "model/log_format.hpp"

namespace cordyna::server {
namespace {

/// What is left out is left out: nobody waits for it.
void append_to(const std::string& file, std::string_view text) {
  const int fd = ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return;
  [[maybe_unused]] const ssize_t written = ::write(fd, text.data(), text.size());
  ::close(fd);
}

void append_record(std::string& out, char stream, Millis at, std::string_view text) {
  for (char letter = stream;; letter = static_cast<char>(stream - 'a' + 'A')) {
    out += fmt::format("{} {} {}\n", letter, at, text.substr(0, kLogTextMax));
    if (text.size() <= kLogTextMax) return;
    text.remove_prefix(kLogTextMax);
  }
}

/// A line is one line, whatever a server sends as one.
std::string one_line(std::string text) {
  std::ranges::replace_if(text, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return text;
}

}  // namespace

void TaskLogs::forget(RunNo run) {
  attempts_.erase(attempts_.lower_bound({run, {}, 0}), attempts_.lower_bound({run + 1, {}, 0}));
}

void TaskLogs::add(const network::LogLines& lines, Millis wall) {
  const auto found = attempts_.find(lines.key);
  if (found == attempts_.end() || found->second.full) return;
  Known& known = found->second;
  std::int64_t& next = known.next[lines.stream];
  std::string out;
  if (lines.offset > next) {
    append_record(
        out, 's', wall,
        fmt::format("{} lines of {} were lost on their way", lines.offset - next, lines.stream));
  }
  std::int64_t at = lines.offset;
  for (const std::string& line : lines.lines) {
    if (at++ < next) continue;
    append_record(out, lines.stream == "stderr" ? 'e' : 'o', wall, one_line(line));
  }
  next = std::max(next, at);
  known.bytes += out.size();
  if (known.bytes > kLogBytesMax) {
    known.full = true;
    out.clear();
    append_record(out, 's', wall, "the output is larger than its cap; the rest is dropped");
  }
  if (out.empty()) return;
  const std::string folder = layout_.attempt_folder(lines.key.run, known.task, lines.key.attempt,
                                                    items_in_path(lines.key.path));
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  append_to(folder + "/" + attempt_file::kLog, out);
}

void TaskLogs::add(const std::vector<network::Trace>& traces, Millis wall) {
  std::map<std::string, std::string> files;
  for (const network::Trace& one : traces) {
    std::string& out = files[layout_.messages_of(one.key.run)];
    out += fmt::format(R"({{"run":{},"at":"{}","server":)", one.key.run, format_timestamp(wall));
    append_json(out, one.server.text());
    out += fmt::format(R"(,"from":"{}","type":"{}","task":)", one.sent ? "cerebro" : "server",
                       one.type);
    append_json(out, one.key.path);
    out += fmt::format(R"(,"attempt":{})", one.key.attempt);
    if (!one.detail.empty()) {
      out += R"(,"detail":)";
      append_json(out, one.detail);
    }
    out += "}\n";
  }
  if (files.empty()) return;
  std::error_code error;
  std::filesystem::create_directories(layout_.messages_folder(), error);
  for (const auto& [file, text] : files) append_to(file, text);
}

std::vector<std::string> read_messages_of(const StateLayout& layout, RunNo run) {
  std::vector<std::string> lines;
  std::ifstream file(layout.messages_of(run));
  const std::string wanted = fmt::format(R"({{"run":{},)", run);
  std::string line;
  while (lines.size() <= kMessagesShown && std::getline(file, line)) {
    if (line.starts_with(wanted) && line.ends_with('}')) lines.push_back(line);
  }
  return lines;
}

}  // namespace cordyna::server
