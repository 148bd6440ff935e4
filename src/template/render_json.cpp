#include <fmt/format.h>

#include <boost/json.hpp>

#include "template/engine.hpp"
#include "template/template.hpp"

namespace cordyna::tmpl {
namespace {

namespace json = boost::json;

constexpr int kDepthMax = 128;

class JsonRenderer {
 public:
  JsonRenderer(std::string_view context, const Lookup& lookup)
      : context_(context), lookup_(lookup) {}

  /// Replaces the strings in `value`; results are not looked at again.
  Result<> render(json::value& value, const std::string& path) {
    if (value.is_string()) return render_string(value, path);
    if (value.is_array()) {
      std::size_t index = 0;
      for (json::value& item : value.get_array()) {
        TRY(render(item, fmt::format("{}[{}]", path, index++)));
      }
    } else if (value.is_object()) {
      for (auto& pair : value.get_object()) {
        const std::string_view key(pair.key().data(), pair.key().size());
        TRY(render(pair.value(),
                   path.empty() ? std::string(key) : fmt::format("{}.{}", path, key)));
      }
    }
    return {};
  }

 private:
  Result<> render_string(json::value& value, const std::string& path) {
    const json::string& string = value.get_string();
    const std::string_view text(string.data(), string.size());
    if (!has_template(text)) return {};
    Result<json::value> rendered = text.starts_with("{{") ? whole(text) : partial(text);
    if (!rendered.has_value() && path.empty()) {
      return std::unexpected(std::move(rendered.error()));
    }
    if (!rendered.has_value()) return fail(path, std::move(rendered.error()));
    value = std::move(*rendered);
    return {};
  }

  /// Exactly one expression keeps its type.
  Result<json::value> whole(std::string_view text) {
    const auto expression = find_expression(text);
    if (!expression.has_value() || expression->size != text.size()) return partial(text);
    text.remove_prefix(2);
    text.remove_suffix(2);
    // "{{- x -}}": there is nothing around it to trim. "-1" cannot be meant: Jinja reads "{{-1"
    // as "{{- 1", too.
    if (text.starts_with('-') || text.starts_with('+')) text.remove_prefix(1);
    if (text.ends_with('-') || text.ends_with('+')) text.remove_suffix(1);
    TRY_ASSIGN(const std::string result, evaluate(text, context_, lookup_, Mode::kExpression));
    return parse(result);
  }

  Result<json::value> partial(std::string_view text) {
    TRY_ASSIGN(const std::string result, evaluate(text, context_, lookup_, Mode::kText));
    return json::value(json::string(result));
  }

 public:
  static Result<json::value> parse(std::string_view text) {
    json::parse_options options;
    options.max_depth = kDepthMax;
    options.allow_invalid_utf8 = true;
    boost::system::error_code error;
    json::value value = json::parse(text, error, {}, options);
    if (error) {
      return fail(ErrorCode::kInvalidArgument, fmt::format("not JSON: {}", error.message()));
    }
    return value;
  }

 private:
  std::string_view context_;
  const Lookup& lookup_;
};

}  // namespace

Result<std::string> render_json(std::string_view text, std::string_view context,
                                const Lookup& lookup) {
  if (!has_template(text)) return std::string(text);
  TRY_ASSIGN(json::value value, JsonRenderer::parse(text));
  JsonRenderer renderer(context, lookup);
  TRY(renderer.render(value, ""));
  return json::serialize(value);
}

}  // namespace cordyna::tmpl
