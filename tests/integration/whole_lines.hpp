// For programs that add lines to a file and may be killed meanwhile.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

/// Opens it to add to it, without the half of a line that was being written when a program before
/// was killed: Linux ends a write to a file between two pages.
inline std::ofstream add_whole_lines(const std::string& path) {
  std::ifstream before(path, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(before), {}};
  const std::size_t whole = text.rfind('\n') + 1;  // 0 where there is none
  if (whole < text.size()) std::filesystem::resize_file(path, whole);
  return std::ofstream(path, std::ios::app);
}
