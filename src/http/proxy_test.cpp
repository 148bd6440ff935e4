#include "http/proxy.hpp"

#include <gtest/gtest.h>

#include <map>

namespace cordyna::http {
namespace {

using Variables = std::map<std::string, std::string>;

std::string proxy_for(const char* url, const Variables& variables) {
  const Result<std::optional<Proxy>> found =
      find_proxy(*parse_url(url), [&variables](const char* name) {
        const auto at = variables.find(name);
        return at == variables.end() ? std::string() : at->second;
      });
  if (!found.has_value()) return found.error().message;
  if (!found->has_value()) return "none";
  return (*found)->host + ":" + std::to_string((*found)->port) + " " + (*found)->authorization;
}

TEST(ProxyTest, EachSchemeHasItsVariable) {
  const Variables all{{"http_proxy", "http://p:1"}, {"HTTPS_PROXY", "q:2"}, {"HTTP_PROXY", "x:9"}};
  EXPECT_EQ(proxy_for("http://a/", all), "p:1 ");
  EXPECT_EQ(proxy_for("https://a/", all), "q:2 ");
  EXPECT_EQ(proxy_for("http://a/", {{"HTTP_PROXY", "x:9"}}), "none");  // a visitor's header in CGI
  EXPECT_EQ(proxy_for("https://a/", {{"all_proxy", "http://p"}}), "p:80 ");
}

TEST(ProxyTest, UserAndPasswordBecomeAHeader) {
  EXPECT_EQ(proxy_for("http://a/", {{"http_proxy", "http://me:p%40ss@p:1/"}}),
            "p:1 Basic bWU6cEBzcw==");
}

TEST(ProxyTest, NoProxyNamesHostsDomainsAndPorts) {
  for (const auto& [list, proxy] : {std::pair<const char*, const char*>{"*", "none"},
                                    {"b.org, data.a.org", "none"},
                                    {"a.org", "none"},
                                    {".a.org", "none"},
                                    {"*.A.org", "none"},
                                    {"data.a.org:80", "none"},
                                    {"data.a.org:81", "p:1 "},
                                    {"ta.a.org", "p:1 "},
                                    {"", "p:1 "}}) {
    EXPECT_EQ(proxy_for("http://data.a.org/", {{"http_proxy", "p:1"}, {"no_proxy", list}}), proxy)
        << list;
  }
}

TEST(ProxyTest, OneThatIsNoAddressIsAnErrorThatNamesItsVariable) {
  EXPECT_EQ(proxy_for("http://a/", {{"http_proxy", "socks5://u:secret@p:1"}}),
            "http_proxy is no address of a proxy: http://HOST:PORT is");
}

}  // namespace
}  // namespace cordyna::http
