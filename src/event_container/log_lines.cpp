#include "event_container/log_lines.hpp"

#include <fmt/format.h>

#include <iterator>
#include <utility>

#include "base/text.hpp"

namespace cordyna::event_container {

void LogLines::cut(std::string& line) const {
  if (line.size() > bytes_max_) line.erase(0, line.size() - bytes_max_);
}

void LogLines::end_line(std::string& line) {
  cut(line);
  bytes_ += line.size() + 1;
  lines_.push_back(std::exchange(line, {}));
  while (bytes_ > bytes_max_ && lines_.size() > 1) {
    bytes_ -= lines_.front().size() + 1;
    lines_.pop_front();
    ++dropped_;
  }
}

void LogLines::add(docker::OutputStream stream, std::string_view bytes) {
  std::string& line = open_[static_cast<std::size_t>(stream)];
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    line += bytes.substr(0, end);
    if (end == std::string_view::npos) break;
    end_line(line);
    bytes.remove_prefix(end + 1);
  }
  // Now and then, not at each piece: this moves what is kept.
  if (line.size() > 2 * bytes_max_) cut(line);
}

std::vector<std::string> LogLines::take() {
  for (std::string& line : open_) {
    if (!line.empty()) end_line(line);
  }
  std::vector<std::string> taken;
  if (dropped_ > 0) {
    taken.push_back(fmt::format("({} before are left out)", counted(dropped_, "line")));
  }
  taken.insert(taken.end(), std::move_iterator(lines_.begin()), std::move_iterator(lines_.end()));
  lines_.clear();
  return taken;
}

}  // namespace cordyna::event_container
