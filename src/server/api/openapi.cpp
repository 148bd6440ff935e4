#include "server/api/openapi.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <iterator>

#include "base/check.hpp"
#include "server/api/problem.hpp"
#include "server/api/route.hpp"
#include "shape/json_schema.hpp"

namespace cordyna::server {
namespace {

namespace json = boost::json;

constexpr std::string_view kSchemas = "#/components/schemas/";

json::object ref_to(std::string_view name) {
  return {{"$ref", fmt::format("{}{}", kSchemas, name)}};
}

json::object parameter(std::string_view name, std::string_view place, std::string_view text,
                       bool required, json::object schema) {
  return {{"name", name},
          {"in", place},
          {"required", required},
          {"description", text},
          {"schema", std::move(schema)}};
}

struct PathName {
  std::string_view name;
  std::string_view pattern;
  std::string_view text;
};

/// What the names in paths stand for, as far as a pattern can say it.
constexpr std::array kPathNames{
    PathName{"namespace", "^([a-z0-9][a-z0-9._-]{0,127}|_)$",
             "The namespace; _ for flows without one."},
    PathName{"flow", "^[a-z0-9][a-z0-9._-]{0,127}$", "The id of the flow."},
    PathName{"run", "^([1-9][0-9]{0,17}|[0-9a-f-]{36})$", "The number of the run, or its id."},
    PathName{"version", "^[1-9][0-9]{0,8}$", "Its number."},
    PathName{"backfill", "^[1-9][0-9]{0,17}$", "Its number."},
    PathName{"trigger", "^[a-z0-9][a-z0-9._-]{0,127}$", "The id of the trigger."},
    PathName{"key", "^[^/]+$", "The value of the trigger's `path_secret`."},
    PathName{"event", "^[1-9][0-9]{0,17}$", "Its number."},
    PathName{"alert", "^[0-9a-f]{16}$", "Its id."},
    PathName{"channel", "^[a-z0-9][a-z0-9._-]{0,127}$", "Its name in teams.yaml."},
    PathName{"secret", "^[A-JL-Za-z_][A-Za-z0-9_]{0,199}$", "Its name."},
    PathName{"user", "^[a-z0-9][a-z0-9._@-]{0,63}$", "The name of the user."},
    PathName{"page", "^[^/]+$", "Which page."},
    PathName{"of", "^[^/]+$", "Of what: a number, a namespace or a team."},
    PathName{"name", "^[^/]+$", "Its name in that."},
    PathName{"file", "^[^/]+$", "Its name, which changes with its content."},
    PathName{"token", "^[a-z0-9]{1,64}$", "The id of the token: what stands between its bars."}};

json::object path_parameter(std::string_view name) {
  const auto* const known = std::ranges::find(kPathNames, name, &PathName::name);
  CHECK(known != kPathNames.end());  // a route with another name has no place in the document
  return parameter(name, "path", known->text, true,
                   {{"type", "string"}, {"pattern", known->pattern}});
}

json::array parameters_of(const Route& route) {
  json::array out;
  std::string_view path = route.path;
  for (std::size_t open = path.find('{'); open != std::string_view::npos; open = path.find('{')) {
    const std::size_t close = path.find('}', open);
    out.push_back(path_parameter(path.substr(open + 1, close - open - 1)));
    path.remove_prefix(close + 1);
  }
  for (const Field& field : route.query) {
    out.push_back(
        parameter(field.name, "query", field.text, field.required, schema_of(field, kSchemas)));
  }
  return out;
}

json::object answers_of(const Route& route) {
  json::object good{{"description", "Done."}};
  if (route.answer != nullptr || route.answer_type != "application/json") {
    json::object content;
    if (route.answer != nullptr) content["schema"] = ref_to(route.answer->name);
    good["content"] = json::object{{route.answer_type, std::move(content)}};
  }
  json::object bad{{"description", "A problem (RFC 9457)."},
                   {"content", json::object{{"application/problem+json",
                                             json::object{{"schema", ref_to("Problem")}}}}}};
  json::object out;
  if (route.or_200) out["200"] = good;
  out[std::to_string(route.status)] = std::move(good);
  out["default"] = std::move(bad);
  return out;
}

json::object operation_of(const Route& route) {
  json::object out{{"operationId", route.id},
                   {"summary", route.summary},
                   {"tags", json::array{route.tag}},
                   {"responses", answers_of(route)}};
  json::array parameters = parameters_of(route);
  if (!parameters.empty()) out["parameters"] = std::move(parameters);
  if (route.body != nullptr) {
    out["requestBody"] = json::object{
        {"required", true},
        {"content",
         json::object{{"application/json", json::object{{"schema", ref_to(route.body->name)}}}}}};
  } else if (!route.body_type.empty()) {
    out["requestBody"] = json::object{
        {"required", true},
        {"content", json::object{{route.body_type,
                                  json::object{{"schema", json::object{{"type", "string"}}}}}}}};
  }
  if (route.free_form) {
    json::object any;
    for (const std::string_view type :
         {"application/json", "application/x-www-form-urlencoded", "text/plain"}) {
      any[type] = json::object{};
    }
    out["requestBody"] = json::object{{"required", false}, {"content", std::move(any)}};
  }
  if (route.scope == Scope::kPublic) {
    out["security"] = json::array{};
  } else if (route.scope != Scope::kSelf) {
    out["x-dyna-role"] = to_string(route.role);
  }
  return out;
}

std::string lower(std::string_view method) {
  std::string out;
  for (const char c : method) out += static_cast<char>(c | 0x20);
  return out;
}

std::string make_document() {
  json::object paths;
  for (const Route& route : routes()) {
    json::value& path = paths[route.path];
    if (!path.is_object()) path = json::object{};
    path.get_object()[lower(route.method)] = operation_of(route);
  }
  json::object schemas;
  for (const ObjectSpec* spec : object_specs()) schemas[spec->name] = schema_of(*spec, kSchemas);
  const json::object document{
      {"openapi", "3.1.0"},
      {"info", json::object{{"title", "Cordyna"},
                            {"version", CORDYNA_VERSION},
                            {"description", "Flows, runs and what belongs to them."}}},
      {"servers", json::array{json::object{{"url", "/"}}}},
      {"security", json::array{json::object{{"token", json::array{}}}}},
      {"paths", std::move(paths)},
      {"components",
       json::object{
           {"schemas", std::move(schemas)},
           {"securitySchemes",
            json::object{{"token", json::object{{"type", "http"}, {"scheme", "bearer"}}}}}}}};
  return json::serialize(document);
}

std::string_view scope_text(const Route& route) {
  switch (route.scope) {
    case Scope::kPublic: return "everybody";
    case Scope::kSelf: return "any token";
    case Scope::kAnywhere: return "shows what the caller may see";
    case Scope::kNamespace:
    case Scope::kRun: return "in the namespace";
    case Scope::kServer: return "everywhere";
    case Scope::kTaskServer: return "in the team of the task server, or its token";
  }
  return "";
}

}  // namespace

const std::string& openapi_document() {
  static const std::string document = make_document();
  return document;
}

std::string api_as_markdown() {
  std::string out =
      "# The API\n\nGenerated by `dyna schema --api --reference`; `dyna schema --api` prints the "
      "OpenAPI "
      "document, as a server does at `/api/v1/openapi.json`.\n\n"
      "| call | role | where | what |\n|---|---|---|---|\n";
  for (const Route& route : routes()) {
    const bool open = route.scope == Scope::kPublic || route.scope == Scope::kSelf;
    fmt::format_to(std::back_inserter(out), "| `{} {}` | {} | {} | {} |\n", route.method,
                   route.path, open ? std::string_view("–") : to_string(route.role),
                   scope_text(route), route.summary);
  }
  out +=
      "\n## Problems\n\nErrors are problem documents (RFC 9457) with a `code`.\n\n"
      "| code | status | title |\n|---|---|---|\n";
  for (const ProblemCode& one : problem_codes()) {
    fmt::format_to(std::back_inserter(out), "| `{}` | {} | {} |\n", one.code, one.status,
                   one.title);
  }
  return out;
}

}  // namespace cordyna::server
