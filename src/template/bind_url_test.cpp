#include <gtest/gtest.h>

#include "template/template.hpp"

namespace cordyna::tmpl {
namespace {

constexpr const char* kUrlContext =
    R"({"inputs":{"v":"a b/c?d=e&f#g","host":"api.example","base":"https://api.example/v1?k=1",
        "n":7,"evil":"x@evil.example","slash":"a/b","port":8080}})";

struct UrlCase {
  const char* name;
  const char* url;
  const char* bound;
};

class BindUrlTest : public testing::TestWithParam<UrlCase> {};

TEST_P(BindUrlTest, ValuesStayWithinTheirPlace) {
  const auto bound = bind_url(GetParam().url, kUrlContext, {});
  ASSERT_TRUE(bound.has_value()) << bound.error().message;
  EXPECT_EQ(bound->text, GetParam().bound);
}

INSTANTIATE_TEST_SUITE_P(
    Urls, BindUrlTest,
    testing::Values(UrlCase{"Plain", "http://h/a?b=c#d", "http://h/a?b=c#d"},
                    UrlCase{"Path", "http://h/{{ inputs.v }}/x",
                            "http://h/a%20b%2Fc%3Fd%3De%26f%23g/x"},
                    UrlCase{"Query", "http://h/?q={{ inputs.v }}&n={{ inputs.n }}",
                            "http://h/?q=a%20b%2Fc%3Fd%3De%26f%23g&n=7"},
                    UrlCase{"QueryWithoutPath", "http://h?q={{ inputs.v }}",
                            "http://h?q=a%20b%2Fc%3Fd%3De%26f%23g"},
                    UrlCase{"Raw", "http://h/{{ inputs.v | raw }}", "http://h/a b/c?d=e&f#g"},
                    UrlCase{"Host", "http://{{ inputs.host }}:{{ inputs.port }}/a",
                            "http://api.example:8080/a"},
                    UrlCase{"Base", "{{ inputs.base }}&n={{ inputs.v }}",
                            "https://api.example/v1?k=1&n=a%20b%2Fc%3Fd%3De%26f%23g"},
                    UrlCase{"Comment", "http://h/{# why #}a", "http://h/a"},
                    UrlCase{"Braces", "http://h/{a}", "http://h/{a}"}),
    [](const auto& row) { return row.param.name; });

TEST(BindUrl, NoValueBreaksOutOfTheHost) {
  for (const char* url : {"http://{{ inputs.evil }}/a", "http://a.{{ inputs.slash }}",
                          "http://api{{ inputs.v }}", "http{{ inputs.slash }}://h/"}) {
    const auto bound = bind_url(url, kUrlContext, {});
    ASSERT_FALSE(bound.has_value()) << url;
    EXPECT_EQ(bound.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(bound.error().message.find("host"), std::string::npos) << bound.error().message;
    EXPECT_EQ(bound.error().message.find("evil.example"), std::string::npos);
  }
}

TEST(BindUrl, TellsWhatItsHostWasMadeOf) {
  const auto roots = [](std::string_view url) {
    const auto bound = bind_url(url, kUrlContext, {});
    std::string found;
    if (!bound.has_value()) return bound.error().message;
    for (const Reference& one : bound->host_from) found += one.path.front() + "." + one.path[1];
    return found;
  };
  EXPECT_EQ(roots("http://h/{{ inputs.v }}"), "");
  EXPECT_EQ(roots("http://{{ 'h' }}/{{ inputs.v }}"), "");
  EXPECT_EQ(roots("http://{{ inputs.host }}/{{ inputs.v }}"), "inputs.host");
  EXPECT_EQ(roots("{{ inputs.base }}"), "inputs.base");
  // Right behind a host that is written there, a value still makes it another one.
  EXPECT_EQ(roots("http://api.example{{ inputs.base[:0] | raw }}"), "inputs.base");
  EXPECT_EQ(roots("http://api.example:{{ inputs.port }}"), "inputs.port");
}

TEST(BindUrl, StatementsAndWhatDoesNotEndAreProblems) {
  EXPECT_TRUE(check_url("http://h/{{ inputs.v }}?{# #}").empty());
  for (const char* url :
       {"http://h/{% if 1 %}a{% endif %}", "http://h/{# no end", "h/{{ inputs.v"}) {
    EXPECT_EQ(check_url(url).size(), 1U) << url;
    EXPECT_FALSE(bind_url(url, kUrlContext, {}).has_value()) << url;
  }
  EXPECT_EQ(check_url("http://h/{% x %}").front().offset, 9U);
  EXPECT_FALSE(bind_url("http://h/{{ inputs.none }}", kUrlContext, {}).has_value());
}

}  // namespace
}  // namespace cordyna::tmpl
