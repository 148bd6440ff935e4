/// Finds the templates of a shell script, and how the text around each of them is quoted.
///
/// Reads POSIX sh and the parts of bash that change quoting: $'…', [[ ]], (( )), ${x/a/b}, <( ),
/// arrays. It does not check the script: what it cannot follow, the shell complains about.
/// Comments of the shell are left alone. Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "template/template.hpp"

namespace cordyna::tmpl {

/// How a value has to be written so that it stays one value.
enum class Place : std::uint8_t {
  kBare,    ///< outside of quotes: "${V}"
  kDouble,  ///< inside double quotes, a heredoc, arithmetic: ${V}
  kSingle,  ///< inside '…': '"${V}"'
  kAnsi,    ///< inside $'…': '"${V}"$'
};

/// One "{{ … }}".
struct Slot {
  std::size_t offset = 0;
  std::size_t size = 0;
  Place place = Place::kBare;
  bool is_raw = false;
  /// The shell evaluates the value as an arithmetic expression, in which bash runs `a[$(…)]`: only
  /// a whole number may stand here.
  bool number = false;
};

/// A "{# … #}".
struct Remark {
  std::size_t offset = 0;
  std::size_t size = 0;
};

struct ShellScan {
  std::vector<Slot> slots;  ///< in order of place
  std::vector<Remark> remarks;
  std::vector<Problem> problems;
};

[[nodiscard]] ShellScan scan_shell(std::string_view script);

}  // namespace cordyna::tmpl
