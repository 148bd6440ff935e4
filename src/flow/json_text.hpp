/// JSON texts, written so that a YAML parser reads the same values from them.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "flow/yaml_tree.hpp"

namespace cordyna::flow {

/// A string in double quotes. Whatever YAML would refuse or fold is written as \uXXXX.
void append_json_string(std::string& out, std::string_view text);

enum class KeyOrder : std::uint8_t { kSorted, kAsWritten };

/// Any value of a tree.
void append_json(std::string& out, const Node& node, KeyOrder order);

/// Keys, each with the JSON text of its value.
using JsonFields = std::vector<std::pair<std::string_view, std::string>>;

/// The object of `fields`, which are sorted here where `order` says so.
void append_json_object(std::string& out, JsonFields& fields, KeyOrder order);

}  // namespace cordyna::flow
