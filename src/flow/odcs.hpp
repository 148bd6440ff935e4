/// Contracts to and from the Open Data Contract Standard (ODCS) 3.x of Bitol.
///
/// What one side cannot say is a warning at its place, and goes nowhere else: nothing is dropped
/// without a word. What ODCS has no word for is exported as a custom property "cordyna.…", so that
/// export and import give the same contract back.
///
/// Pure. Threads: any.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "flow/flow_file.hpp"

namespace cordyna::flow {

inline constexpr std::size_t kOdcsBytesMax = std::size_t{16} << 20;

struct ContractText {
  std::string name;  ///< of the data: "orders"; of an export: the contract's
  std::string yaml;
};

struct OdcsResult {
  std::vector<ContractText> contracts;  ///< empty where there is an error
  std::vector<Diagnostic> diagnostics;
};

/// One contract for each object of the schema, each checked as `dyna validate` would. `file` is for
/// messages.
[[nodiscard]] OdcsResult import_odcs(std::string_view text, std::string_view file);

/// An ODCS v3.1.0 document of a contract's text, with one object in its schema. `name` is what its
/// data is called where the contract does not say.
[[nodiscard]] OdcsResult export_odcs(std::string_view text, std::string_view file,
                                     std::string_view name);

}  // namespace cordyna::flow
