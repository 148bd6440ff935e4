/// The last lines of two streams, as they came.
///
/// Pure. Threads: one.
#pragma once

#include <array>
#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "docker/frames.hpp"

namespace cordyna::event_container {

class LogLines {
 public:
  /// Of lines without their ends; of a line that alone is longer, the end is kept.
  explicit LogLines(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  /// Pieces of any length. A line is there when its end is.
  void add(docker::OutputStream stream, std::string_view bytes);
  /// What is left of lines without an end counts as lines. Once; where lines were dropped, the
  /// first one says so.
  [[nodiscard]] std::vector<std::string> take();

 private:
  void end_line(std::string& line);
  void cut(std::string& line) const;

  std::size_t bytes_max_;
  std::size_t bytes_ = 0;  // of the lines
  std::size_t dropped_ = 0;
  std::deque<std::string> lines_;
  std::array<std::string, 2> open_;  // lines of each stream that have no end yet
};

}  // namespace cordyna::event_container
