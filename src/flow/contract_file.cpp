#include "flow/contract_file.hpp"

#include <fmt/format.h>

#include <charconv>

#include "flow/flow_file.hpp"
#include "flow/text_file.hpp"
#include "template/template.hpp"

namespace cordyna::flow {
namespace {

constexpr std::size_t kContractBytesMax = std::size_t{1} << 20;

std::vector<std::string_view> column_names(const Node& contract) {
  std::vector<std::string_view> names;
  const Node* columns = contract.find("columns");
  if (columns == nullptr || columns->kind != NodeKind::kMap) return names;
  for (const Node* key = columns->first; key != nullptr; key = key->next->next) {
    names.push_back(key->text);
  }
  return names;
}

void check_column(const Node& name, const std::vector<std::string_view>& columns,
                  std::string_view where, Reporter& reporter) {
  if (!name.is_scalar()) return;
  for (const std::string_view column : columns) {
    if (column == name.text) return;
  }
  reporter.error(name, Code::kUndefinedName,
                 fmt::format("{} in '{}' is no column of the contract{}", quoted(name.text), where,
                             did_you_mean(name.text, columns)));
}

std::optional<std::int64_t> bound(const Node* rows, std::string_view key) {
  const Node* node = rows == nullptr ? nullptr : rows->find(key);
  if (node == nullptr || node->kind != NodeKind::kInt) return std::nullopt;
  const std::string json = scalar_as_json(*node);
  std::int64_t value = 0;
  std::from_chars(json.data(), json.data() + json.size(), value);
  return value;
}

void check_unique(const Node& contract, const std::vector<std::string_view>& columns,
                  Reporter& reporter) {
  const Node* unique = contract.find("unique");
  if (unique == nullptr || unique->kind != NodeKind::kList) return;
  for (const Node* key = unique->first; key != nullptr; key = key->next) {
    const Node* names = key->kind == NodeKind::kMap ? key->find("columns") : key;
    if (names == nullptr) continue;
    check_column(*names, columns, "unique", reporter);
    if (names->kind != NodeKind::kList) continue;
    for (const Node* part = names->first; part != nullptr; part = part->next) {
      check_column(*part, columns, "unique", reporter);
    }
  }
}

bool has_item(const Node& list, std::string_view text) {
  for (const Node* at = list.first; at != nullptr; at = at->next) {
    if (at->is_scalar() && at->text == text) return true;
  }
  return false;
}

/// What cannot stand beside `to_bool`: it says itself which texts there are.
void check_to_bool(const Node& name, const Node& column, Reporter& reporter) {
  const Node* texts = column.find("to_bool");
  if (texts == nullptr || texts->kind != NodeKind::kMap) return;
  const Node* type = column.find("type");
  if (type != nullptr && type->is_scalar() && type->text != "string" && type->text != "bool") {
    reporter.error(*type, Code::kBadValue,
                   fmt::format("column {} has 'to_bool': its type is bool, not {}",
                               quoted(name.text), quoted(type->text)));
  }
  for (const std::string_view key : {"match", "min", "max", "range", "format"}) {
    const Node* at = column.find(key);
    if (at == nullptr) continue;
    reporter.error(*at, Code::kBadValue,
                   fmt::format("'{}' means nothing beside 'to_bool', whose keys are the texts that "
                               "are allowed; leave it out",
                               key));
  }
  const Node* in = column.find("in");
  if (in == nullptr || in->kind != NodeKind::kList) return;
  for (const Node* at = in->first; at != nullptr; at = at->next) {
    if (!at->is_scalar() || texts->find(at->text) != nullptr) continue;
    reporter.error(*at, Code::kBadValue,
                   fmt::format("'in' allows {}, which 'to_bool' does not know", quoted(at->text)));
  }
  for (const Node* key = texts->first; key != nullptr; key = key->next->next) {
    if (has_item(*in, key->text)) continue;
    reporter.error(*key, Code::kBadValue,
                   fmt::format("'to_bool' knows {}, which 'in' does not allow", quoted(key->text)));
  }
}

/// How a file beside the flow is called in messages: as the user would find it from where the
/// flow's own name leads.
std::string display_name(std::string_view flow_file, std::string_view path) {
  const std::size_t slash = flow_file.rfind('/');
  if (path.starts_with('/') || slash == std::string_view::npos) return std::string(path);
  return fmt::format("{}/{}", flow_file.substr(0, slash), path);
}

}  // namespace

void check_contract(const Node& contract, Reporter& reporter) {
  const std::vector<std::string_view> columns = column_names(contract);
  if (columns.empty()) return;
  const Node* all = contract.find("columns");
  for (const Node* key = all->first; key != nullptr; key = key->next->next) {
    if (key->next->kind == NodeKind::kMap) check_to_bool(*key, *key->next, reporter);
  }
  const Node* rename = contract.find("rename");
  if (rename != nullptr && rename->kind == NodeKind::kMap) {
    for (const Node* key = rename->first; key != nullptr; key = key->next->next) {
      check_column(*key->next, columns, "rename", reporter);
    }
  }
  check_unique(contract, columns, reporter);
  const Node* freshness = contract.find("freshness");
  if (freshness != nullptr && freshness->kind == NodeKind::kMap) {
    const Node* column = freshness->find("column");
    if (column != nullptr) check_column(*column, columns, "freshness", reporter);
  }
  const Node* rows = contract.find("rows");
  const auto least = bound(rows, "min");
  const auto most = bound(rows, "max");
  if (least.has_value() && most.has_value() && *least > *most) {
    reporter.error(
        *rows, Code::kBadValue,
        fmt::format("'rows' wants at least {} and at most {}; nothing fits", *least, *most));
  }
}

std::optional<std::string> ContractFiles::load(const Node& path, Reporter& reporter) {
  if (tmpl::has_template(path.text)) {
    reporter.error(path, Code::kTemplateNotAllowed,
                   "a contract's file is read when the flow is; its name has no template");
    return std::nullopt;
  }
  const auto found = loaded_.find(path.text);
  if (found != loaded_.end()) return found->second;
  return loaded_.emplace(path.text, read(path, reporter)).first->second;
}

std::optional<std::string> ContractFiles::read(const Node& path, Reporter& reporter) {
  const std::string full = path.text.starts_with('/') ? std::string(path.text)
                                                      : fmt::format("{}/{}", folder_, path.text);
  const auto text = read_text_file(full, kContractBytesMax);
  if (!text.has_value()) {
    reporter.error(path, Code::kContractFile,
                   fmt::format("the contract's file {}; paths are from the flow's folder",
                               text.error().message));
    return std::nullopt;
  }
  Reporter own(reporter.findings(), display_name(reporter.file(), path.text), *text);
  return read_contract(*text, own);
}

std::optional<std::string> read_contract(std::string_view text, Reporter& own) {
  YamlTree tree;
  const Node* root = tree.load(text, own);
  if (root == nullptr) return std::nullopt;
  Uses uses;
  ValueReader reader(own, uses);
  std::string json;
  if (!reader.read_object(*root, contract_keys(), "contract", json)) return std::nullopt;
  for (const TemplateUse& use : uses.templates) {
    own.error(*use.node, Code::kTemplateNotAllowed,
              "a contract in a file of its own has no templates; write it into the flow");
  }
  const bool wrong = own.findings().has_error();
  check_contract(*root, own);
  if (wrong && !uses.templates.empty()) return std::nullopt;
  return json;
}

}  // namespace cordyna::flow
