// The table of routes, and what is made of it.
#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <set>
#include <string>

#include "server/api/openapi.hpp"
#include "server/api/problem.hpp"
#include "server/api/route.hpp"
#include "server/api/router.hpp"

namespace cordyna::server {
namespace {

const Route* route(std::string_view method, const std::vector<std::string>& path) {
  return find_route(method, path).route;
}

TEST(RoutesTest, APathFindsItsRouteAndValues) {
  const Match match = find_route("GET", {"api", "v1", "flows", "acme", "daily", "versions", "3"});
  ASSERT_NE(match.route, nullptr);
  EXPECT_EQ(match.route->id, "showFlowVersion");
  EXPECT_EQ(match.values, (std::vector<std::string>{"acme", "daily", "3"}));
  EXPECT_EQ(route("HEAD", {"livez"})->id, "isAlive");
  EXPECT_EQ(route("GET", {"LIVEZ"}), nullptr);
  EXPECT_EQ(route("GET", {})->path, "/");
  EXPECT_EQ(route("POST", {}), nullptr);
  EXPECT_EQ(route("GET", {"ui", "a", "b", "c", "d"}), nullptr);
  EXPECT_EQ(route("GET", {"api", "v1", "runs", "1", "health"}), nullptr)
      << "no suffix opens a door";
}

TEST(RoutesTest, AKnownPathTellsItsMethods) {
  const Match match = find_route("DELETE", {"api", "v1", "runs"});
  EXPECT_EQ(match.route, nullptr);
  EXPECT_EQ(match.methods, std::vector<std::string_view>{"GET"});
  EXPECT_TRUE(find_route("GET", {"api", "v1", "nothing"}).methods.empty());
}

TEST(RoutesTest, OnlyTheseArePublic) {
  std::set<std::string_view> open;
  for (const Route& one : routes()) {
    if (one.scope == Scope::kPublic) open.insert(one.path);
  }
  EXPECT_EQ(open, (std::set<std::string_view>{"/livez", "/readyz", "/", "/ui", "/ui/{page}",
                                              "/ui/{page}/{of}", "/ui/{page}/{of}/{name}",
                                              "/assets/{file}", "/login", "/api/v1/login",
                                              "/hooks/{namespace}/{flow}/{trigger}",
                                              "/hooks/{namespace}/{flow}/{trigger}/{key}"}));
}

TEST(RoutesTest, EachRouteIsWholeAndAlone) {
  std::set<std::string> ids;
  std::set<std::string> addresses;
  for (const Route& one : routes()) {
    EXPECT_TRUE(ids.insert(std::string(one.id)).second) << one.id;
    EXPECT_TRUE(addresses.insert(std::string(one.method) + ' ' + std::string(one.path)).second)
        << one.path;
    EXPECT_NE(one.handler, nullptr) << one.id;
    EXPECT_FALSE(one.summary.empty()) << one.id;
    EXPECT_TRUE(one.scope != Scope::kNamespace || one.path.contains("{namespace}")) << one.id;
    EXPECT_TRUE(one.scope != Scope::kRun || one.path.contains("{run}")) << one.id;
    if (one.method != "GET" && one.scope != Scope::kPublic && one.scope != Scope::kSelf) {
      EXPECT_NE(one.role, Role::kViewer) << one.id << ": a viewer changes nothing";
    }
  }
}

TEST(RoutesTest, EachObjectIsKnownByItsName) {
  std::set<std::string_view> names;
  for (const ObjectSpec* spec : object_specs()) EXPECT_TRUE(names.insert(spec->name).second);
  for (const ObjectSpec* spec : object_specs()) {
    for (const Field& field : spec->fields) {
      const bool refers = field.type == ValueType::kRef || field.type == ValueType::kRefs;
      EXPECT_EQ(refers, !field.ref.empty()) << spec->name << '.' << field.name;
      EXPECT_TRUE(!refers || names.contains(field.ref)) << spec->name << '.' << field.name;
    }
  }
}

TEST(RoutesTest, TheDocumentHasAllRoutes) {
  const boost::json::value document = boost::json::parse(openapi_document());
  const auto& paths = document.at("paths").get_object();
  std::size_t operations = 0;
  for (const auto& path : paths) operations += path.value().get_object().size();
  EXPECT_EQ(operations, routes().size());
  EXPECT_EQ(document.at("openapi").get_string(), "3.1.0");
  const std::string reference = api_as_markdown();
  for (const Route& one : routes()) {
    EXPECT_TRUE(
        reference.contains("`" + std::string(one.method) + ' ' + std::string(one.path) + "`"));
  }
}

TEST(RoutesTest, EveryStatusOfTheServerHasACode) {
  for (const int status :
       {400, 401, 403, 404, 405, 408, 413, 417, 421, 429, 431, 500, 501, 503, 505}) {
    bool found = false;
    for (const ProblemCode& code : problem_codes()) found = found || code.status == status;
    EXPECT_TRUE(found) << status;
  }
  const HttpResponse response = to_response(problem("not_found", "a \"quoted\" thing"));
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(boost::json::parse(response.body).at("detail").get_string(), "a \"quoted\" thing");
}

}  // namespace
}  // namespace cordyna::server
