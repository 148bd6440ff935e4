/// Every code a finding in a flow file can have, with its meaning: one table for the parser and the
/// docs.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace cordyna::flow {

enum class Code : std::uint8_t {
  kNotUtf8,
  kTooLarge,
  kYamlSyntax,
  kEmptyFile,
  kTooDeep,
  kTooManyAliases,
  kBadAlias,
  kBadTag,
  kSeveralDocuments,
  kDuplicateKey,
  kMergeKey,
  kBadKey,
  kUnknownKey,
  kMissingKey,
  kRenamedKey,
  kNotYet,
  kWrongType,
  kBadValue,
  kBadId,
  kDuplicateId,
  kUnknownType,
  kUnknownTask,
  kUnknownPool,
  kNoPlace,
  kSelfNeed,
  kCycle,
  kNoData,
  kWrongSection,
  kBadTemplate,
  kUndefinedName,
  kTemplateNotAllowed,
  kBadEnvName,
  kContractFile,
  kRequirementsFile,
  kScriptFile,
  kNotCarried,
  kConnectionFile,
  kDefaultsFile,
  kProjectFile,
  kPlugin,
  kUnsecured,
  kRawTemplate,
  kTooManyProblems,
};

struct CodeInfo {
  Code code;
  std::string_view name;  ///< as shown: "unknown_key"; never changes
  std::string_view meaning;
};

[[nodiscard]] std::span<const CodeInfo> code_table();
[[nodiscard]] std::string_view to_string(Code code);

}  // namespace cordyna::flow
