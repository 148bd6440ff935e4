/// Files of text, one behind the other, as one: CSV with one header, JSON lines.
///
/// Reads and writes in pieces. Threads: one.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace cordyna::data {

struct JoinShape {
  bool header = false;  ///< each file begins with the same, which is written once
  std::string delimiter = ",";
  std::string quote = "\"";
};

/// Which lines of the whole a file's own are; `last` below `first`: it has none.
struct JoinedLines {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

class TextJoin {
 public:
  /// Errors of all: kUnavailable: a file cannot be read or written; `is_no_space` tells a full
  /// disk.
  [[nodiscard]] static Result<TextJoin> create(const std::string& path, JoinShape shape);

  /// Adds a file, packed with `compression` (none, gzip, zstd). `shown`: what messages call it.
  /// `bytes_max`: of what it unpacks to; 0: no limit. Errors: kCorrupt: cut short, or damaged;
  /// kInvalidArgument: it is larger; kConflict: its header is another one, or none, or its lines
  /// end otherwise.
  [[nodiscard]] Result<JoinedLines> add(const std::string& path, const std::string& compression,
                                        const std::string& shown, std::uint64_t bytes_max);
  [[nodiscard]] Result<> finish();

 private:
  [[nodiscard]] Result<> check_line_end(std::string_view text, const std::string& shown);
  [[nodiscard]] Result<> begin_text(const std::string& shown);
  [[nodiscard]] Result<> write(std::string_view text);

  JoinShape shape_;
  std::string path_;
  std::ofstream out_;
  std::string header_;    ///< without its line break; empty: none yet
  std::string line_end_;  ///< of all files; empty: none yet
  std::string first_;     ///< what the file is called that said so
  std::string front_;     ///< of the file that is added, while its header is not known
  std::uint64_t lines_ = 0;
  char last_ = '\n';
};

}  // namespace cordyna::data
