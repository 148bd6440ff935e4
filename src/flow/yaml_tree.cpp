#include "flow/yaml_tree.hpp"

#include <fmt/format.h>
#include <yaml.h>

#include <algorithm>
#include <array>
#include <optional>
#include <unordered_map>

namespace cordyna::flow {
namespace {

constexpr std::size_t kChunkBytes = std::size_t{64} << 10;
constexpr std::string_view kCore = "tag:yaml.org,2002:";

std::string_view view(const yaml_char_t* text, std::size_t size) {
  return {reinterpret_cast<const char*>(text), size};
}

std::string_view view(const yaml_char_t* text) {
  return text == nullptr ? std::string_view() : reinterpret_cast<const char*>(text);
}

Mark to_mark(const yaml_mark_t& mark) {
  return {static_cast<std::uint32_t>(mark.line + 1), static_cast<std::uint32_t>(mark.column + 1)};
}

struct Decoded {
  char32_t point = 0;
  std::size_t size = 0;  // 0: not UTF-8
};

Decoded decode(std::string_view text) {
  const auto byte = [text](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  if (lead < 0x80) return {lead, 1};
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size) return {};
  char32_t point = lead & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return {};
    point = (point << 6U) | (byte(i) & 0x3FU);
  }
  constexpr char32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (point < kLeast[size] || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return {};
  return {point, size};
}

/// The characters that YAML allows in a text.
bool is_printable(char32_t c) {
  if (c < 0x20) return c == '\t' || c == '\n' || c == '\r';
  return c != 0x7F && (c < 0x80 || c > 0x9F || c == 0x85) && c != 0xFFFE && c != 0xFFFF &&
         c != 0xFEFF;
}

/// Whether every byte may stand in a YAML file; else the first that may not is reported.
bool check_text(std::string_view text, Reporter& reporter) {
  Mark mark{1, 1};
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte < 0x7F) {
      ++mark.column;
      ++i;
      continue;
    }
    const Decoded decoded = decode(text.substr(i));
    if (decoded.size == 0) {
      reporter.error(mark, Code::kNotUtf8,
                     fmt::format("byte 0x{:02x} is not UTF-8; save the file as UTF-8", byte));
      return false;
    }
    if (!is_printable(decoded.point)) {
      reporter.error(mark, Code::kNotUtf8,
                     fmt::format("control character U+{:04X}; a flow file is text",
                                 static_cast<std::uint32_t>(decoded.point)));
      return false;
    }
    if (decoded.point == '\n') {
      mark = {mark.line + 1, 1};
    } else {
      ++mark.column;
    }
    i += decoded.size;
  }
  return true;
}

class Parser {
 public:
  explicit Parser(std::string_view text) {
    good_ = yaml_parser_initialize(&parser_) == 1;
    if (!good_) return;
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&parser_, reinterpret_cast<const unsigned char*>(text.data()),
                                 text.size());
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;
  ~Parser() {
    if (good_) yaml_parser_delete(&parser_);
  }

  [[nodiscard]] bool good() const { return good_; }
  yaml_parser_t* get() { return &parser_; }

 private:
  yaml_parser_t parser_{};
  bool good_ = false;
};

/// Deletes what libyaml allocated for an event.
struct Event {
  yaml_event_t raw{};
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { yaml_event_delete(&raw); }
};

}  // namespace

/// Makes a tree of libyaml's events. Stops at the first thing that cannot be read.
class YamlBuilder {
 public:
  YamlBuilder(YamlTree& tree, std::string_view text, Reporter& reporter)
      : tree_(tree), text_(text), reporter_(reporter) {}

  const Node* build();

 private:
  struct Anchor {
    const Node* node = nullptr;
    std::size_t size = 0;    // values in it, aliases written out
    std::size_t bytes = 0;   // of their texts
    std::size_t height = 0;  // levels in it
    bool open = false;       // its end was not read yet
  };
  struct Frame {
    Node* node = nullptr;
    Node* last = nullptr;
    std::size_t size_before = 0;
    std::size_t bytes_before = 0;
    std::size_t height = 1;
    std::string anchor;
    bool wants_key = false;
  };

  /// False: stop. `done_` tells whether the end was reached.
  bool take(const yaml_event_t& event);
  bool scalar(const yaml_event_t& event);
  bool begin(const yaml_event_t& event, NodeKind kind, const yaml_char_t* anchor,
             const yaml_char_t* tag);
  bool end();
  bool alias(const yaml_event_t& event);
  bool attach(Node* node, std::size_t height);
  bool check_key(const Node& node);
  bool check_tag(std::string_view tag, NodeKind& kind, std::string_view text, Mark mark);
  void check_duplicates(const Node& map);
  void report_syntax(const yaml_parser_t& parser);

  bool stop(Mark at, Code code, std::string message) {
    reporter_.error(at, code, std::move(message));
    return false;
  }

  YamlTree& tree_;
  std::string_view text_;
  Reporter& reporter_;
  std::vector<Frame> stack_;
  std::unordered_map<std::string, Anchor> anchors_;
  std::vector<const Node*> keys_;  // of one map at a time
  const Node* root_ = nullptr;
  std::size_t size_ = 0;
  std::size_t bytes_ = 0;
  std::size_t alias_nodes_ = 0;
  std::size_t alias_bytes_ = 0;
  std::size_t documents_ = 0;
  bool done_ = false;
};

const Node* YamlBuilder::build() {
  Parser parser(text_);
  if (!parser.good()) {
    stop({1, 1}, Code::kYamlSyntax, "no memory to read the file");
    return nullptr;
  }
  while (!done_) {
    Event event;
    if (yaml_parser_parse(parser.get(), &event.raw) == 0) {
      report_syntax(*parser.get());
      return nullptr;
    }
    if (!take(event.raw)) return nullptr;
  }
  if (root_ == nullptr || root_->kind == NodeKind::kNull) {
    stop({1, 1}, Code::kEmptyFile, "the file is empty; a flow has at least 'id' and 'tasks'");
    return nullptr;
  }
  return root_;
}

bool YamlBuilder::take(const yaml_event_t& event) {
  switch (event.type) {
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_DOCUMENT_END_EVENT: return true;
    case YAML_STREAM_END_EVENT: done_ = true; return true;
    case YAML_DOCUMENT_START_EVENT:
      if (++documents_ == 1) return true;
      return stop(to_mark(event.start_mark), Code::kSeveralDocuments,
                  "a second document begins here; one file holds one flow");
    case YAML_ALIAS_EVENT: return alias(event);
    case YAML_SCALAR_EVENT: return scalar(event);
    case YAML_SEQUENCE_START_EVENT:
      return begin(event, NodeKind::kList, event.data.sequence_start.anchor,
                   event.data.sequence_start.tag);
    case YAML_MAPPING_START_EVENT:
      return begin(event, NodeKind::kMap, event.data.mapping_start.anchor,
                   event.data.mapping_start.tag);
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT: return end();
  }
  return true;
}

bool YamlBuilder::check_tag(std::string_view tag, NodeKind& kind, std::string_view text,
                            Mark mark) {
  if (tag.empty()) return true;
  const auto refuse = [&](std::string message) {
    return stop(mark, Code::kBadTag, std::move(message));
  };
  const bool container = kind == NodeKind::kList || kind == NodeKind::kMap;
  if (tag == "!") {
    if (!container) kind = NodeKind::kString;
    return true;
  }
  if (!tag.starts_with(kCore)) {
    return refuse(fmt::format("tag {} is not allowed; values need no tags", quoted(tag)));
  }
  const std::string_view name = tag.substr(kCore.size());
  static constexpr std::array kNames{std::string_view("str"),   std::string_view("int"),
                                     std::string_view("float"), std::string_view("bool"),
                                     std::string_view("null"),  std::string_view("seq"),
                                     std::string_view("map")};
  if (std::ranges::count(kNames, name) == 0) {
    return refuse(fmt::format("tag {} is not allowed; values need no tags",
                              quoted(fmt::format("!!{}", name))));
  }
  if (container) {
    if (name == (kind == NodeKind::kList ? "seq" : "map")) return true;
    return refuse(fmt::format("tag '!!{}' does not fit {}", name, describe(kind)));
  }
  if (name == "str") {
    kind = NodeKind::kString;
    return true;
  }
  const NodeKind plain = resolve_plain(text);
  const bool fits = (name == "int" && plain == NodeKind::kInt) ||
                    (name == "float" && (plain == NodeKind::kInt || plain == NodeKind::kFloat)) ||
                    (name == "bool" && plain == NodeKind::kBool) ||
                    (name == "null" && plain == NodeKind::kNull);
  if (!fits) return refuse(fmt::format("tag '!!{}' does not fit {}", name, quoted(text)));
  kind = name == "float" ? NodeKind::kFloat : plain;
  return true;
}

bool YamlBuilder::scalar(const yaml_event_t& event) {
  const auto& data = event.data.scalar;
  const std::string_view text = view(data.value, data.length);
  Node node;
  node.mark = to_mark(event.start_mark);
  node.kind = data.style == YAML_PLAIN_SCALAR_STYLE ? resolve_plain(text) : NodeKind::kString;
  if (!check_tag(view(data.tag), node.kind, text, node.mark)) return false;
  if (text.find('\0') != std::string_view::npos) {
    return stop(node.mark, Code::kNotUtf8, "a NUL character in a value; no program can take it");
  }
  const bool is_key = !stack_.empty() && stack_.back().wants_key;
  const bool number = node.kind == NodeKind::kInt || node.kind == NodeKind::kFloat;
  node.text = tree_.keep(text);
  if (number && !is_key && scalar_as_json(node).empty()) {
    reporter_.error(
        node.mark, Code::kBadValue,
        fmt::format("{} is no number of 64 bits; in quotes it is a string", quoted(text)));
    node.kind = NodeKind::kString;
  }
  ++size_;
  bytes_ += text.size();
  Node* added = tree_.add(node);
  if (data.anchor != nullptr) {
    anchors_[std::string(view(data.anchor))] = {added, 1, text.size(), 0, false};
  }
  return attach(added, 0);
}

bool YamlBuilder::begin(const yaml_event_t& event, NodeKind kind, const yaml_char_t* anchor,
                        const yaml_char_t* tag) {
  Node node;
  node.mark = to_mark(event.start_mark);
  node.kind = kind;
  if (!check_tag(view(tag), node.kind, {}, node.mark)) return false;
  if (stack_.size() >= kYamlDepthMax) {
    return stop(node.mark, Code::kTooDeep,
                fmt::format("nested deeper than {} levels", kYamlDepthMax));
  }
  Node* added = tree_.add(node);
  // Its height is not known yet; a frame learns it when the child ends.
  if (!attach(added, 0)) return false;
  Frame frame;
  frame.node = added;
  frame.size_before = size_++;
  frame.bytes_before = bytes_;
  frame.wants_key = kind == NodeKind::kMap;
  if (anchor != nullptr) {
    frame.anchor = view(anchor);
    anchors_[frame.anchor] = {added, 0, 0, 0, true};
  }
  stack_.push_back(std::move(frame));
  return true;
}

bool YamlBuilder::end() {
  const Frame frame = std::move(stack_.back());
  stack_.pop_back();
  if (frame.node->kind == NodeKind::kMap) check_duplicates(*frame.node);
  if (!frame.anchor.empty()) {
    // The same name may have been given again inside; then it is no longer ours.
    Anchor& anchor = anchors_[frame.anchor];
    if (anchor.node == frame.node) {
      anchor = {frame.node, size_ - frame.size_before, bytes_ - frame.bytes_before, frame.height,
                false};
    }
  }
  if (!stack_.empty()) {
    stack_.back().height = std::max(stack_.back().height, frame.height + 1);
  }
  return true;
}

bool YamlBuilder::alias(const yaml_event_t& event) {
  const Mark mark = to_mark(event.start_mark);
  const std::string name(view(event.data.alias.anchor));
  const auto found = anchors_.find(name);
  if (found == anchors_.end()) {
    return stop(mark, Code::kBadAlias,
                fmt::format("alias {} names no anchor above it", quoted("*" + name)));
  }
  const Anchor& anchor = found->second;
  if (anchor.open) {
    return stop(mark, Code::kBadAlias,
                fmt::format("alias {} stands inside what it names", quoted("*" + name)));
  }
  alias_nodes_ += anchor.size;
  alias_bytes_ += anchor.bytes;
  size_ += anchor.size;
  bytes_ += anchor.bytes;
  if (alias_nodes_ > kYamlAliasNodesMax || alias_bytes_ > kFlowBytesMax) {
    return stop(mark, Code::kTooManyAliases,
                fmt::format("written out, the aliases are more than {} values or 16 MiB",
                            kYamlAliasNodesMax));
  }
  if (stack_.size() + anchor.height > kYamlDepthMax) {
    return stop(mark, Code::kTooDeep,
                fmt::format("nested deeper than {} levels through an alias", kYamlDepthMax));
  }
  Node copy = *anchor.node;  // shares the children; its own place in the list is new
  copy.next = nullptr;
  return attach(tree_.add(copy), anchor.height);
}

bool YamlBuilder::check_key(const Node& node) {
  if (!node.is_scalar()) {
    return stop(node.mark, Code::kBadKey,
                fmt::format("{} stands where a key is wanted; a value that begins with '{{{{' "
                            "must be in quotes",
                            describe(node.kind)));
  }
  if (node.text == "<<" && node.kind == NodeKind::kString) {
    return stop(node.mark, Code::kMergeKey,
                "merge keys ('<<') are not supported; write the keys out, or use flow-level "
                "'retry', 'timeouts' and 'env'");
  }
  if (node.kind == NodeKind::kNull && node.text.empty()) {
    return stop(node.mark, Code::kBadKey, "a key is missing before ':'");
  }
  return true;
}

bool YamlBuilder::attach(Node* node, std::size_t height) {
  if (stack_.empty()) {
    root_ = node;
    return true;
  }
  Frame& frame = stack_.back();
  if (frame.node->kind == NodeKind::kMap) {
    if (frame.wants_key && !check_key(*node)) return false;
    frame.wants_key = !frame.wants_key;
  }
  (frame.last == nullptr ? frame.node->first : frame.last->next) = node;
  frame.last = node;
  frame.height = std::max(frame.height, height + 1);
  return true;
}

void YamlBuilder::check_duplicates(const Node& map) {
  keys_.clear();
  for (const Node* key = map.first; key != nullptr; key = key->next->next) keys_.push_back(key);
  std::ranges::stable_sort(keys_, {}, &Node::text);
  for (std::size_t i = 1; i < keys_.size(); ++i) {
    if (keys_[i]->text != keys_[i - 1]->text) continue;
    reporter_.error(*keys_[i], Code::kDuplicateKey,
                    fmt::format("key {} stands here a second time; the first is in line {}",
                                quoted(keys_[i]->text), keys_[i - 1]->mark.line));
  }
}

void YamlBuilder::report_syntax(const yaml_parser_t& parser) {
  const std::string_view problem = parser.problem == nullptr ? "unreadable" : parser.problem;
  std::string message = fmt::format("not YAML: {}", problem);
  if (parser.context != nullptr) {
    message += fmt::format(" {}", parser.context);
    if (parser.context_mark.line != parser.problem_mark.line) {
      message += fmt::format(" that begins in line {}", parser.context_mark.line + 1);
    }
  }
  if (problem.starts_with("found character that cannot start any token")) {
    message += "; tabs do not indent, and values that begin with @, ` or % must be in quotes";
  } else if (problem.starts_with("mapping values are not allowed")) {
    message += "; check the indentation, and put a value with ': ' in quotes";
  }
  reporter_.error(to_mark(parser.problem_mark), Code::kYamlSyntax, std::move(message));
}

const Node* YamlTree::load(std::string_view text, Reporter& reporter) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  if (!check_text(text, reporter)) return nullptr;
  return YamlBuilder(*this, text, reporter).build();
}

std::string_view YamlTree::keep(std::string_view text) {
  if (text.empty()) return {};
  if (chunks_.empty() || chunks_.back().capacity() - chunks_.back().size() < text.size()) {
    chunks_.emplace_back().reserve(std::max(kChunkBytes, text.size()));
  }
  std::string& chunk = chunks_.back();
  const std::size_t begin = chunk.size();
  chunk.append(text);
  return std::string_view(chunk).substr(begin);
}

}  // namespace cordyna::flow
