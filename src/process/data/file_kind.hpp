/// What a file is, by its first bytes.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>

#include "process/data/step.hpp"

namespace cordyna::data {

struct FileKind {
  std::string compression = "none";  ///< none, gzip, zstd; what is inside is not looked at then
  std::string encoding;              ///< "utf-16" by its byte order mark; else empty
  FileFormat format = FileFormat::kCsv;
  std::string foreign;  ///< "a zip archive": nothing that a load reads; empty: it may be
};

[[nodiscard]] FileKind kind_of_file(std::string_view front);

}  // namespace cordyna::data
