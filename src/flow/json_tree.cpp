#include <fmt/format.h>

#include <boost/json.hpp>

#include "flow/yaml_tree.hpp"

namespace cordyna::flow {

/// Copies a parsed JSON value into our tree. Its depth is bounded by the JSON parser.
class JsonBuilder {
 public:
  explicit JsonBuilder(YamlTree& tree) : tree_(tree) {}

  Node* build(const boost::json::value& value) {
    Node node;
    switch (value.kind()) {
      case boost::json::kind::null: node.text = "null"; break;
      case boost::json::kind::bool_:
        node.kind = NodeKind::kBool;
        node.text = value.get_bool() ? "true" : "false";
        break;
      case boost::json::kind::int64:
        node.kind = NodeKind::kInt;
        node.text = tree_.keep(fmt::format("{}", value.get_int64()));
        break;
      case boost::json::kind::uint64:
      case boost::json::kind::double_:
        node.kind = NodeKind::kFloat;
        node.text = tree_.keep(fmt::format("{}", value.to_number<double>()));
        break;
      case boost::json::kind::string:
        node.kind = NodeKind::kString;
        node.text = tree_.keep({value.get_string().data(), value.get_string().size()});
        break;
      case boost::json::kind::array: return list(value.get_array());
      case boost::json::kind::object: return map(value.get_object());
    }
    return tree_.add(node);
  }

 private:
  static void attach(Node& parent, Node*& last, Node* child) {
    (last == nullptr ? parent.first : last->next) = child;
    last = child;
  }

  Node* list(const boost::json::array& items) {
    Node* node = tree_.add({});
    node->kind = NodeKind::kList;
    Node* last = nullptr;
    for (const boost::json::value& item : items) attach(*node, last, build(item));
    return node;
  }

  Node* map(const boost::json::object& object) {
    Node* node = tree_.add({});
    node->kind = NodeKind::kMap;
    Node* last = nullptr;
    for (const auto& [name, value] : object) {
      Node* key = tree_.add({});
      key->kind = NodeKind::kString;
      key->text = tree_.keep({name.data(), name.size()});
      attach(*node, last, key);
      attach(*node, last, build(value));
    }
    return node;
  }

  YamlTree& tree_;
};

Result<const Node*> YamlTree::load_json(std::string_view text) {
  boost::json::parse_options options;
  options.max_depth = kYamlDepthMax;
  boost::json::error_code error;
  boost::json::monotonic_resource memory;
  const boost::json::value value =
      boost::json::parse({text.data(), text.size()}, error, &memory, options);
  if (error) return fail(ErrorCode::kCorrupt, "not JSON: " + error.message());
  return JsonBuilder(*this).build(value);
}

}  // namespace cordyna::flow
