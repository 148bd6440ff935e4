#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <filesystem>
#include <random>

#include "template/template.hpp"
#include "template/test_program.hpp"

namespace cordyna::tmpl {
namespace {

/// A piece of script that writes one value, and what it writes for the value V.
struct Quoting {
  const char* script;
  const char* before;
  const char* after;
};

/// The output of each ends with NUL, which no value holds.
const std::vector<Quoting>& posix_quotings() {
  static const std::vector<Quoting> table = {
      {R"~(printf '%s\0' {{ inputs.v }})~", "", ""},
      {R"~(printf '%s\0' "{{ inputs.v }}")~", "", ""},
      {R"~(printf '%s\0' '{{ inputs.v }}')~", "", ""},
      {R"~(printf '%s\0' a{{ inputs.v }}"b {{ 'c' }}"'d {{ 'e' }}')~", "a", "b cd e"},
      {R"~(printf '%s\0' "it's {{ inputs.v }} \"x\"")~", "it's ", " \"x\""},
      {R"~(printf '%s\0' 'say "{{ inputs.v }}"')~", "say \"", "\""},
      {R"~(printf '%s\0' "$(printf '%s.' {{ inputs.v }})")~", "", "."},
      {R"~(printf '%s\0' "$(printf '%s.' "{{ inputs.v }}")")~", "", "."},
      {R"~(printf '%s\0' "$(printf '%s.' '{{ inputs.v }}')")~", "", "."},
      {R"~(x=$(printf '%s.' {{ inputs.v }}); printf '%s\0' "$x")~", "", "."},
      {R"~(x=`printf '%s.' {{ inputs.v }}`; printf '%s\0' "$x")~", "", "."},
      {R"~(x=`printf '%s.' "{{ inputs.v }}"`; printf '%s\0' "$x")~", "", "."},
      {R"~(x=`printf '%s.' '{{ inputs.v }}'`; printf '%s\0' "$x")~", "", "."},
      {R"~(printf '%s\0' "`printf '%s.' {{ inputs.v }}`")~", "", "."},
      {"cat <<EOF\n{{ inputs.v }}\nEOF\nprintf '\\0'", "", "\n"},
      {"cat <<-EOF\n\tx {{ inputs.v }}\n\tEOF\nprintf '\\0'", "x ", "\n"},
      {"cat <<EOF\n$(printf '%s.' {{ inputs.v }})\nEOF\nprintf '\\0'", "", ".\n"},
      {"cat <<EOF\n'\"{{ inputs.v }}\nEOF\nprintf '\\0'", "'\"", "\n"},
      {R"~(printf '%s\0' ${nope:-{{ inputs.v }}})~", "", ""},
      {R"~(printf '%s\0' "${nope:-{{ inputs.v }}}")~", "", ""},
      {R"~(x={{ inputs.v }}tail; printf '%s\0' "${x#{{ inputs.v }}}.{{ inputs.v }}")~", "tail.",
       ""},
      {R"~(x={{ inputs.v }}; printf '%s\0' "$x")~", "", ""},
      {R"~(X={{ inputs.v }} sh -c 'printf "%s\0" "$X"')~", "", ""},
      {"for i in {{ inputs.v }}; do printf '%s\\0' \"$i\"; done", "", ""},
      {"case {{ inputs.v }} in {{ inputs.v }}) printf '%s\\0' {{ inputs.v }};; esac", "", ""},
      {"f() { printf '%s\\0' \"$2\"; }; f 1 {{ inputs.v }}", "", ""},
      {"# it's {{ inputs.v }} `\nprintf '%s\\0' {{ inputs.v }}", "", ""},
      {"(printf '%s\\0' {{ inputs.v }})", "", ""},
  };
  return table;
}

const std::vector<Quoting>& bash_quotings() {
  static const std::vector<Quoting> table = {
      {R"~(printf '%s\0' $'a\t{{ inputs.v }}\'')~", "a\t", "'"},
      {R"~(printf '%s\0' $"{{ inputs.v }}")~", "", ""},
      {"cat <<< {{ inputs.v }}; printf '\\0'", "", "\n"},
      {R"~(a=({{ inputs.v }} x); printf '%s\0' "${a[0]}.${#a[@]}")~", "", ".2"},
      {R"~([[ {{ inputs.v }} == {{ inputs.v }} ]] && printf '%s\0' yes{{ inputs.v }})~", "yes", ""},
      {R"~(x=1{{ inputs.v }}; printf '%s\0' "${x/#1{{ inputs.v }}/{{ 'z' }}}{{ inputs.v }}")~", "z",
       ""},
      {"cat <(printf '%s\\0' {{ inputs.v }})", "", ""},
  };
  return table;
}

class BindShellRunTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "/dyna-shell-XXXXXX";
    folder_ = mkdtemp(pattern.data());
    canary_ = folder_ + "/canary";
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  /// All quotings in one script: what it writes for `value` must be that value each time.
  void expect_carried(const std::string& shell, const std::vector<Quoting>& table,
                      const std::string& value) {
    std::string script;
    std::string expected;
    for (const Quoting& quoting : table) {
      script += std::string(quoting.script) + "\n";
      expected += quoting.before + value + quoting.after + std::string(1, '\0');
    }
    const std::string context =
        boost::json::serialize(boost::json::object{{"inputs", {{"v", value}}}});
    const auto bound = bind_shell(script, context, {});
    ASSERT_TRUE(bound.has_value()) << bound.error().message;
    const test::Ran ran = test::run_program({shell, "-c", bound->text}, bound->env);
    EXPECT_EQ(ran.status, 0) << testing::PrintToString(value);
    if (ran.out != expected) explain(table, value, ran.out);
    ASSERT_FALSE(std::filesystem::exists(canary_)) << testing::PrintToString(value);
  }

  static void explain(const std::vector<Quoting>& table, const std::string& value,
                      std::string out) {
    for (const Quoting& quoting : table) {
      const std::size_t end = out.find('\0');
      const std::string part = out.substr(0, end);
      EXPECT_EQ(part, quoting.before + value + quoting.after) << quoting.script;
      out = end == std::string::npos ? "" : out.substr(end + 1);
    }
  }

  std::string folder_;
  std::string canary_;
};

TEST_F(BindShellRunTest, HostileValuesReachASubprocessByteForByte) {
  for (const std::string& value : test::hostile_values(canary_)) {
    expect_carried("/bin/sh", posix_quotings(), value);
  }
}

TEST_F(BindShellRunTest, HostileValuesReachASubprocessOfBashByteForByte) {
  const std::string bash = test::find_program("bash");
  if (bash.empty()) GTEST_SKIP() << "bash is not installed";
  for (const std::string& value : test::hostile_values(canary_)) {
    expect_carried(bash, posix_quotings(), value);
    expect_carried(bash, bash_quotings(), value);
  }
}

TEST_F(BindShellRunTest, RandomBytesReachASubprocessByteForByte) {
  const std::string bash = test::find_program("bash");
  const std::string marks = "'\"$`\\(){}<>|&;#*?[]~!=\n\t \r-%/@:EOF";
  std::mt19937_64 random(20261121);
  for (int round = 0; round < 150; ++round) {
    std::string value;
    const std::size_t length = 1 + random() % 40;
    while (value.size() < length) {
      value += random() % 3 == 0 ? static_cast<char>(1 + random() % 255)
                                 : marks[random() % marks.size()];
    }
    expect_carried("/bin/sh", posix_quotings(), value);
    if (!bash.empty()) expect_carried(bash, bash_quotings(), value);
  }
}

TEST_F(BindShellRunTest, ArithmeticNeverRunsAValue) {
  const std::string bash = test::find_program("bash");
  if (bash.empty()) GTEST_SKIP() << "bash is not installed";
  const auto number =
      bind_shell("printf %s $(( {{ inputs.n }} * 2 ))", R"~({"inputs":{"n":21}})~", {});
  ASSERT_TRUE(number.has_value());
  EXPECT_EQ(test::run_program({"/bin/sh", "-c", number->text}, number->env).out, "42");
  EXPECT_EQ(test::run_program({bash, "-c", number->text}, number->env).out, "42");
}

}  // namespace
}  // namespace cordyna::tmpl
