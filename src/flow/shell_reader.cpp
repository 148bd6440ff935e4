// What runs a script, and where it stands: in the flow or in a file, bound or as it stands.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "flow/json_text.hpp"
#include "flow/shell_keys.hpp"
#include "flow/task_reader.hpp"
#include "flow/text_file.hpp"
#include "template/template.hpp"

namespace cordyna::flow {
namespace {

constexpr std::size_t kScriptBytesMax = std::size_t{1} << 20;

std::string_view without_folder(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string_view::npos ? path : path.substr(slash + 1);
}

std::string_view next_word(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  const std::string_view word = text.substr(0, text.find(' '));
  text.remove_prefix(word.size());
  return word;
}

/// The program of "/usr/bin/env bash -e", or of the same as a list.
std::string_view program_in(const Node& interpreter) {
  if (interpreter.kind == NodeKind::kList) {
    const Node* first = interpreter.first;
    if (first == nullptr || !first->is_scalar()) return {};
    const std::string_view name = without_folder(first->text);
    const Node* second = first->next;
    return name == "env" && second != nullptr && second->is_scalar() ? without_folder(second->text)
                                                                     : name;
  }
  std::string_view rest = interpreter.is_scalar() ? interpreter.text : std::string_view();
  const std::string_view name = without_folder(next_word(rest));
  const std::string_view second = name == "env" ? next_word(rest) : std::string_view();
  return second.empty() ? name : without_folder(second);
}

/// The same of a list as JSON, whose words are no texts that JSON would write otherwise.
std::string_view program_in_json(std::string_view json) {
  const auto take = [&json]() -> std::string_view {
    const std::size_t begin = json.find('"');
    if (begin == std::string_view::npos) return {};
    const std::size_t end = std::min(json.find('"', begin + 1), json.size());
    const std::string_view word = json.substr(begin + 1, end - begin - 1);
    json.remove_prefix(std::min(end + 1, json.size()));
    return without_folder(word);
  };
  const std::string_view first = take();
  if (first != "env") return first;
  const std::string_view second = take();
  return second.empty() ? first : second;
}

bool is_shell(std::string_view program) {
  static constexpr std::array kShells{std::string_view("sh"),   std::string_view("bash"),
                                      std::string_view("dash"), std::string_view("ash"),
                                      std::string_view("ksh"),  std::string_view("mksh"),
                                      std::string_view("zsh"),  std::string_view("busybox")};
  return std::ranges::count(kShells, program) > 0;
}

/// Where a script that is run as it stands names what only templates have: there it means one.
/// Other double braces are the language's own. Npos: nowhere.
std::size_t find_template(std::string_view script) {
  constexpr std::array<std::string_view, 6> kRoots{"inputs", "outputs", "run",
                                                   "vars",   "secret",  "env"};
  if (!tmpl::has_template(script)) return std::string_view::npos;
  for (const tmpl::Reference& reference : tmpl::analyze(script).references) {
    if (reference.path.size() < 2) continue;
    if (std::ranges::find(kRoots, reference.path[0]) == kRoots.end()) continue;
    const std::size_t begin = script.rfind('{', reference.offset);
    return begin == std::string_view::npos || begin == 0 ? reference.offset : begin - 1;
  }
  return std::string_view::npos;
}

using JsonField = JsonFields::value_type;

JsonFields::iterator find_param(TaskDraft& draft, std::string_view name) {
  return std::ranges::find(draft.params, name, &JsonField::first);
}

}  // namespace

/// What runs the script; "" where it is compiled.
std::string_view TaskReader::program_of(const TaskDraft& draft) const {
  if (draft.type->name == "shell" && draft.node->find("language") != nullptr) return {};
  if (const Node* at = draft.node->find("interpreter"); at != nullptr) return program_in(*at);
  const auto defaults = defaults_.params.find(draft.type->name);
  if (defaults == defaults_.params.end()) return "sh";
  const auto found = std::ranges::find(defaults->second, "interpreter", &JsonField::first);
  return found == defaults->second.end() ? "sh" : program_in_json(found->second);
}

/// Whether templates in its script are bound to variables.
bool TaskReader::is_bound(const TaskDraft& draft) const {
  return is_shell(program_of(draft));
}

void TaskReader::read_script(const KeySpec& spec, const Node& value, TaskDraft& draft,
                             ValueReader& reader) {
  KeySpec wanted = spec;
  wanted.required = true;
  std::string json;
  if (is_bound(draft)) {
    if (!reader.read(value, wanted, spec.name, json)) return;
    draft.params.emplace_back(spec.name, std::move(json));
    return;
  }
  draft.reads_values = true;
  wanted.kind = ValueKind::kVerbatim;
  if (!reader.read(value, wanted, spec.name, json)) return;
  draft.params.emplace_back(spec.name, std::move(json));
  const std::size_t at = find_template(value.text);
  if (at == std::string_view::npos) return;
  const std::string_view program = program_of(draft);
  reporter_.error_in(
      value, at, Code::kTemplateNotAllowed,
      fmt::format("templates are bound in shell scripts only, and {}; pass values through 'env', "
                  "or read them as JSON from the file that $DYNA_VALUES names",
                  program.empty() ? std::string("this one is compiled")
                                  : fmt::format("{} is no shell", quoted(program))));
}

void TaskReader::read_script_file(const KeySpec& spec, const Node& value, TaskDraft& draft,
                                  ValueReader& reader) {
  draft.reads_values = true;
  std::string json;
  if (value.kind == NodeKind::kMap) {
    if (!reader.read_object(value, spec.fields, spec.name, json)) return;
    if (value.find("text") != nullptr) {
      draft.params.emplace_back(spec.name, std::move(json));
      return;
    }
  }
  const Node& path = value.kind == NodeKind::kMap ? *value.find("name") : value;
  const KeySpec wanted{.kind = ValueKind::kText, .required = true};
  std::string name;
  if (!reader.read(path, wanted, spec.name, name)) return;
  const std::string full = path.text.starts_with('/') ? std::string(path.text)
                                                      : fmt::format("{}/{}", folder_, path.text);
  const auto text = read_text_file(full, kScriptBytesMax);
  if (!text.has_value()) {
    reporter_.error(path, Code::kScriptFile,
                    fmt::format("the script's file {}; paths are from the flow's folder",
                                text.error().message));
    return;
  }
  const bool is_text = is_utf8(*text) && text->find('\0') == std::string::npos;
  if (!is_text || text->find_first_not_of(" \t\r\n") == std::string::npos) {
    reporter_.error(
        path, Code::kScriptFile,
        fmt::format("the script's file {}: {}", full, is_text ? "is empty" : "is no UTF-8 text"));
    return;
  }
  json.clear();
  JsonFields fields{{"name", std::move(name)}, {"text", std::string()}};
  append_json_string(fields[1].second, *text);
  append_json_object(json, fields, KeyOrder::kSorted);
  draft.params.emplace_back(spec.name, std::move(json));
}

void TaskReader::read_language(const KeySpec& spec, const Node& value, TaskDraft& draft,
                               ValueReader& reader) {
  if (value.is_scalar()) {
    const auto& known = shell_detail::kInterpreted;
    const auto found = std::ranges::find(known, value.text, &Renamed::theirs);
    if (found != known.end()) {
      reporter_.error(
          value, Code::kBadValue,
          fmt::format("a script in {} is not compiled; write 'interpreter: {}' in place "
                      "of 'language'",
                      quoted(value.text), found->ours));
      return;
    }
  }
  std::string json;
  if (!reader.read(value, spec, spec.name, json)) return;
  draft.params.emplace_back(spec.name, std::move(json));
}

void TaskReader::finish_compiled(TaskDraft& draft, std::string_view language) {
  const Node& node = *draft.node;
  // That of defaults.yaml is for scripts that are not compiled.
  if (const auto found = find_param(draft, "interpreter"); found != draft.params.end()) {
    draft.params.erase(found);
  }
  if (const Node* at = node.find("interpreter"); at != nullptr) {
    reporter_.error(*at, Code::kBadValue,
                    "'language' compiles the script, and 'interpreter' runs it as it stands; leave "
                    "one of them out");
  }
  if (const Node* at = node.find("compiler"); at != nullptr) {
    const Node* first = at->kind == NodeKind::kList ? at->first : at;
    if (first != nullptr && first->is_scalar() &&
        (first->text.empty() || first->text.front() == '-')) {
      reporter_.error(*first, Code::kBadValue,
                      fmt::format("'compiler' begins with a program, as in gcc -O3, not with {}",
                                  quoted(first->text)));
    }
    return;
  }
  const auto& languages = shell_detail::kCompiledLanguages;
  const auto found = std::ranges::find(languages, language, &shell_detail::CompiledLanguage::name);
  if (found != languages.end()) draft.params.emplace_back("compiler", found->compiler);
}

void TaskReader::finish_shell(TaskDraft& draft) {
  const Node& node = *draft.node;
  const Node* script = node.find("script");
  const Node* file = node.find("file");
  if (script == nullptr && file == nullptr) {
    reporter_.error(node, Code::kMissingKey,
                    fmt::format("{} has no 'script'; it is required, or 'file'",
                                draft.spec.id.empty() ? std::string("a task")
                                                      : fmt::format("task '{}'", draft.spec.id)));
  }
  if (script != nullptr && file != nullptr) {
    reporter_.error(*file, Code::kBadValue, "a task has 'script' or 'file'; leave one of them out");
  }
  if (const Node* language = node.find("language"); language != nullptr) {
    finish_compiled(draft, language->is_scalar() ? language->text : std::string_view());
  } else if (const Node* compiler = node.find("compiler"); compiler != nullptr) {
    reporter_.error(*compiler, Code::kMissingKey,
                    "'compiler' wants 'language' beside it: c, rust, go or java");
  }
  std::ranges::sort(draft.params, {}, &JsonField::first);
}

}  // namespace cordyna::flow
