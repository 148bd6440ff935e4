/// Contracts: those in files of their own, and what tables cannot say about any.
///
/// Threads: none.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "flow/values.hpp"

namespace cordyna::flow {

/// Reports names in a contract that are not its columns, and bounds that nothing fits.
void check_contract(const Node& contract, Reporter& reporter);

/// The text of a contract's file as JSON. Nullopt: it has errors, which `own`, the reporter of that
/// file, got; those that leave the JSON whole come with it.
[[nodiscard]] std::optional<std::string> read_contract(std::string_view text, Reporter& own);

/// Reads the contract files that one flow names, each once.
class ContractFiles {
 public:
  /// `folder`: absolute, where relative paths begin.
  explicit ContractFiles(std::string folder) : folder_(std::move(folder)) {}

  /// The contract as JSON. Nullopt: it has errors, reported at their place in the contract's file,
  /// or at `path` when the file cannot be read.
  std::optional<std::string> load(const Node& path, Reporter& reporter);

 private:
  std::optional<std::string> read(const Node& path, Reporter& reporter);

  std::string folder_;
  std::map<std::string, std::optional<std::string>, std::less<>> loaded_;
};

}  // namespace cordyna::flow
