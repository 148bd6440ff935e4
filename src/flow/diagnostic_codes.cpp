#include "flow/diagnostic_codes.hpp"

#include <array>

#include "base/check.hpp"

namespace cordyna::flow {
namespace {

constexpr std::array kTable{
    CodeInfo{Code::kNotUtf8, "not_utf8",
             "The file has bytes that are not UTF-8, or a NUL or other control character."},
    CodeInfo{Code::kTooLarge, "too_large", "The file is larger than 16 MiB."},
    CodeInfo{Code::kYamlSyntax, "yaml_syntax", "The text is not YAML."},
    CodeInfo{Code::kEmptyFile, "empty_file", "There is nothing in the file."},
    CodeInfo{Code::kTooDeep, "too_deep", "Lists and maps are nested deeper than 64."},
    CodeInfo{Code::kTooManyAliases, "too_many_aliases",
             "Written out, the aliases would be more than 100,000 values."},
    CodeInfo{Code::kBadAlias, "bad_alias",
             "An alias names no anchor above it, or one that contains the alias."},
    CodeInfo{Code::kBadTag, "bad_tag", "A tag other than those of YAML's core schema."},
    CodeInfo{Code::kSeveralDocuments, "several_documents",
             "A file holds one flow; a second document began."},
    CodeInfo{Code::kDuplicateKey, "duplicate_key", "A key stands twice in one map."},
    CodeInfo{Code::kMergeKey, "merge_key", "The merge key `<<` is not part of the language."},
    CodeInfo{Code::kBadKey, "bad_key", "A key of a map is not a word."},
    CodeInfo{Code::kUnknownKey, "unknown_key", "The language has no such key there."},
    CodeInfo{Code::kMissingKey, "missing_key", "A required key is not there."},
    CodeInfo{Code::kRenamedKey, "renamed_key", "The key is spelled differently in this language."},
    CodeInfo{Code::kNotYet, "not_yet",
             "Part of the language, but not of this version: refused, not ignored."},
    CodeInfo{Code::kWrongType, "wrong_type", "A value of another kind is wanted there."},
    CodeInfo{Code::kBadValue, "bad_value", "The value has the right kind, but is not allowed."},
    CodeInfo{Code::kBadId, "bad_id", "An id does not match [a-z0-9][a-z0-9._-]{0,127}."},
    CodeInfo{Code::kDuplicateId, "duplicate_id", "Two tasks, or two inputs, have the same id."},
    CodeInfo{Code::kUnknownType, "unknown_type", "There is no such task type."},
    CodeInfo{Code::kUnknownTask, "unknown_task", "A task is named that the flow does not have."},
    CodeInfo{Code::kUnknownPool, "unknown_pool",
             "A pool is named that the project's cordyna.yaml does not declare."},
    CodeInfo{Code::kNoPlace, "no_place",
             "No place that the project's cordyna.yaml declares could ever take the task."},
    CodeInfo{Code::kSelfNeed, "self_need", "A task needs itself."},
    CodeInfo{Code::kCycle, "cycle", "Tasks need each other in a circle."},
    CodeInfo{Code::kNoData, "no_data",
             "A task whose type gives no data is named where data is "
             "wanted."},
    CodeInfo{Code::kWrongSection, "wrong_section",
             "A task names one of a later section, or needs one of another."},
    CodeInfo{Code::kBadTemplate, "bad_template",
             "A template cannot be read, or stands in a script "
             "where it cannot be bound."},
    CodeInfo{Code::kUndefinedName, "undefined_name",
             "A template names something that does not exist there."},
    CodeInfo{Code::kTemplateNotAllowed, "template_not_allowed",
             "A template stands where none is evaluated."},
    CodeInfo{Code::kBadEnvName, "bad_env_name",
             "A name of `env` is not one, or belongs to the system."},
    CodeInfo{Code::kContractFile, "contract_file", "The contract's file cannot be read."},
    CodeInfo{Code::kRequirementsFile, "requirements_file",
             "A file of requirements cannot be read."},
    CodeInfo{Code::kScriptFile, "script_file", "The file of a script cannot be read."},
    CodeInfo{Code::kNotCarried, "not_carried",
             "Something of a contract that the other form of it has no words for."},
    CodeInfo{Code::kConnectionFile, "connection_file",
             "The file of a connection is missing, or cannot be read."},
    CodeInfo{Code::kDefaultsFile, "defaults_file", "The file defaults.yaml cannot be read."},
    CodeInfo{Code::kProjectFile, "project_file", "The file cordyna.yaml cannot be read."},
    CodeInfo{Code::kPlugin, "plugin",
             "The program of a plugin's type cannot be asked, or does not declare it."},
    CodeInfo{Code::kUnsecured, "unsecured",
             "A share would get a column that tells about persons and was not secured."},
    CodeInfo{Code::kRawTemplate, "raw_template",
             "A warning: with `| raw` a value becomes program text."},
    CodeInfo{Code::kTooManyProblems, "too_many_problems",
             "More findings than are shown: the first 1,000 are."},
};

}  // namespace

std::span<const CodeInfo> code_table() {
  return kTable;
}

std::string_view to_string(Code code) {
  const CodeInfo& row = kTable[static_cast<std::size_t>(code)];
  CHECK(row.code == code);
  return row.name;
}

}  // namespace cordyna::flow
