#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <filesystem>
#include <fstream>

#include "flow/flow_file.hpp"
#include "flow/reference.hpp"

namespace cordyna::flow {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kContext = R"({"run":{"id":"r","date":"2026-11-21"}})";

Parsed parsed_with(const std::string& inputs, const std::string& folder = "/") {
  return parse("id: f\ntasks: [{id: a, type: log, message: x}]\ninputs:\n" + inputs, "f.yaml",
               folder);
}

std::shared_ptr<const Flow> flow_with(const std::string& inputs, const std::string& folder = "/") {
  const Parsed parsed = parsed_with(inputs, folder);
  EXPECT_NE(parsed.flow, nullptr) << format(parsed.diagnostics.front());
  return parsed.flow;
}

std::string findings(const Parsed& parsed) {
  std::string out;
  for (const Diagnostic& found : parsed.diagnostics) out += format(found) + "\n";
  return out;
}

struct ValueCase {
  const char* name;
  const char* input;     // keys beside the id
  const char* text;      // as on a command line
  const char* expected;  // its JSON, or what the error says
};

class InputValue : public testing::TestWithParam<ValueCase> {};

/// "x=[1]" for a value, "! message" for an error.
TEST_P(InputValue, IsTakenOrRefusedWithTheReason) {
  const ValueCase& row = GetParam();
  const auto flow = flow_with("  - {id: x, " + std::string(row.input) + "}\n");
  ASSERT_NE(flow, nullptr);
  const auto json = resolve_inputs(*flow, {{"x", row.text}}, kContext);
  const std::string expected = row.expected;
  if (!expected.starts_with("! ")) {
    EXPECT_EQ(json.has_value() ? *json : json.error().message, R"({"x":)" + expected + "}");
  } else {
    ASSERT_FALSE(json.has_value()) << *json;
    EXPECT_EQ(json.error().code, ErrorCode::kInvalidArgument);
    EXPECT_EQ(json.error().message, "input 'x' " + expected.substr(2));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Choices, InputValue,
    testing::Values(
        ValueCase{"Select", "type: select, values: [dev, prod]", "prod", R"("prod")"},
        ValueCase{"SelectOther", "type: select, values: [dev, prod]", "prd",
                  "! wants dev or prod, not 'prd'; did you mean 'prod'?"},
        ValueCase{"SelectKeepsCase", "type: select, values: [dev, prod]", "Dev",
                  "! wants dev or prod, not 'Dev'; did you mean 'dev'?"},
        ValueCase{"SelectNumber", "type: select, values: [010, 1.50]", "010", R"("010")"},
        ValueCase{"SelectOfMany", "type: select, values: [a,b,c,d,e,f,g,h,i,j,k,l,m]", "zz",
                  "! wants one of its 13 values, not 'zz'"},
        ValueCase{"Multi", "type: multiselect, values: [a, b, c]", "c, a", R"(["c","a"])"},
        ValueCase{"MultiJson", "type: multiselect, values: [a, 'b,c']", R"( ["b,c"] )",
                  R"(["b,c"])"},
        ValueCase{"MultiNone", "type: multiselect, values: [a]", "", "[]"},
        ValueCase{"MultiOther", "type: multiselect, values: [a, b]", "a,x",
                  "! item 2 wants a or b, not 'x'"},
        ValueCase{"MultiTwice", "type: multiselect, values: [a, b]", "a,a",
                  "! item 2 names 'a' a second time"},
        ValueCase{"MultiFew", "type: multiselect, values: [a, b], min_items: 1", "",
                  "! wants at least 1 item, not 0"},
        ValueCase{"MultiMany", "type: multiselect, values: [a, b], max_items: 1", "a,b",
                  "! wants at most 1 item, not 2"},
        ValueCase{"Secret", "type: secret", "DB_PASSWORD", R"("DB_PASSWORD")"},
        ValueCase{"SecretValue", "type: secret", "hunter-2!",
                  "! wants the name of a secret (letters, digits and '_', no digit first), not "
                  "'hunter-2!'"},
        ValueCase{"SecretEmpty", "type: secret", "",
                  "! wants the name of a secret (letters, digits and '_', no digit first), not "
                  "''"}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Arrays, InputValue,
    testing::Values(
        ValueCase{"Texts", "type: array", "a, b,c", R"(["a","b","c"])"},
        ValueCase{"TextsOfJson", "type: array", R"(["a,b", "", 1, true])",
                  R"(["a,b","","1","true"])"},
        ValueCase{"Ints", "type: array, items: int", "1,-2,+3", "[1,-2,3]"},
        ValueCase{"IntsOfJson", "type: array, items: int", "[1,2]", "[1,2]"},
        ValueCase{"Dates", "type: array, items: date", "2026-01-01,2026-01-02",
                  R"(["2026-01-01","2026-01-02"])"},
        ValueCase{"Bools", "type: array, items: bool", "true,false", "[true,false]"},
        ValueCase{"NotAnInt", "type: array, items: int", "1,x",
                  "! item 2 wants a whole number, not 'x'"},
        ValueCase{"Null", "type: array", "[null]",
                  "! item 1 wants one value (string), not nothing"},
        ValueCase{"Nested", "type: array, items: int", "[1,[2]]",
                  "! item 2 wants one value (int), not a list"},
        ValueCase{"NoJson", "type: array", "[a",
                  R"(! wants a list like a,b,c or ["a","b","c"], not '[a')"},
        ValueCase{"EmptyItem", "type: array", "a,,b",
                  R"(! has an empty item; leave out the comma, or write ["a",""])"},
        ValueCase{"LastComma", "type: array", "a,",
                  R"(! has an empty item; leave out the comma, or write ["a",""])"},
        ValueCase{"Bytes", "type: array", "a,\xff", "! wants text in UTF-8, not other bytes"},
        ValueCase{"Few", "type: array, min_items: 2", "a", "! wants at least 2 items, not 1"},
        ValueCase{"Many", "type: array, max_items: 2", "a,b,c", "! wants at most 2 items, not 3"}),
    [](const auto& row) { return row.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Bounds, InputValue,
    testing::Values(
        ValueCase{"IntAtBound", "type: int, min: 1, max: 5", "5", "5"},
        ValueCase{"IntLow", "type: int, min: 1", "0", "! wants at least 1, not '0'"},
        ValueCase{"IntHigh", "type: int, max: 9", "10", "! wants at most 9, not '10'"},
        ValueCase{"Float", "type: float, min: 0, max: 1", "0.5", "0.5"},
        ValueCase{"FloatHigh", "type: float, max: 1", "1.01", "! wants at most 1.0, not '1.01'"},
        ValueCase{"DateLow", "type: date, min: 2026-01-01", "2025-12-31",
                  "! wants at least 2026-01-01, not '2025-12-31'"},
        ValueCase{"TimeOfZone", "type: datetime, min: '2026-01-01T00:00:00Z'",
                  "2026-01-01T01:00+01:00", R"("2026-01-01T01:00+01:00")"},
        ValueCase{"TimeLow", "type: datetime, min: '2026-01-01T00:00:00Z'",
                  "2026-01-01T00:59:59.999+01:00",
                  "! wants at least 2026-01-01T00:00:00Z, not '2026-01-01T00:59:59.999+01:00'"},
        ValueCase{"TimeHigh", "type: datetime, max: '2026-01-01T00:00'", "2026-01-01T00:00:00.001",
                  "! wants at most 2026-01-01T00:00, not '2026-01-01T00:00:00.001'"},
        ValueCase{"Duration", "type: duration, max: 1h", "60m", R"("60m")"},
        ValueCase{"DurationHigh", "type: duration, max: 1h", "61m",
                  "! wants at most 1h, not '61m'"},
        ValueCase{"Length", "min_length: 2, max_length: 2", "üß", R"("üß")"},
        ValueCase{"Short", "min_length: 2", "ü", "! wants at least 2 characters, not 1"},
        ValueCase{"Match", "match: '[A-Z]{3}-[0-9]+'", "ABC-12", R"("ABC-12")"},
        ValueCase{"MatchOfAll", "match: 'a|ab'", "ab", R"("ab")"},
        ValueCase{"MatchOfAPart", "match: '[A-Z]{3}-[0-9]+'", "xABC-12\n",
                  "! wants what matches [A-Z]{3}-[0-9]+ as a whole, not 'xABC-12\\n'"},
        ValueCase{"MatchOfNothing", "match: 'a+'", "",
                  "! wants what matches a+ as a whole, not ''"},
        ValueCase{"MatchInLinearTime", "match: '(a*)*b'",
                  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                  "! wants what matches (a*)*b as a whole, not "
                  "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'"},
        ValueCase{"Long", "max_length: 2", "abc", "! wants at most 2 characters, not 3"}),
    [](const auto& row) { return row.param.name; });

struct BadCase {
  const char* name;
  const char* input;  // keys beside the id; they begin in column 13 of line 4
  const char* expected;
};

class BadInput : public testing::TestWithParam<BadCase> {};

TEST_P(BadInput, IsReportedAtItsPlace) {
  const Parsed parsed = parsed_with("  - {id: x, " + std::string(GetParam().input) + "}\n");
  EXPECT_EQ(findings(parsed), "f.yaml:4:" + std::string(GetParam().expected) + "\n");
}

INSTANTIATE_TEST_SUITE_P(
    Table, BadInput,
    testing::Values(
        BadCase{"NoValues", "type: select",
                "5: error: an input of the type select has no 'values' (missing_key); it is "
                "required"},
        BadCase{"EmptyValues", "type: select, values: []",
                "35: error: 'values' has 0 items (bad_value); it wants at least 1"},
        BadCase{"ValueTwice", "type: select, values: [a, a]",
                "39: error: 'values' has 'a' a second time (bad_value)"},
        BadCase{"ValuesOfString", "values: [a]",
                "13: error: 'values' is a key of the type select or multiselect, not of string "
                "(unknown_key)"},
        BadCase{"LengthOfInt", "type: int, max_length: 3",
                "24: error: 'max_length' is a key of the type string, not of int (unknown_key)"},
        BadCase{"NegativeLength", "max_length: -1",
                "25: error: 'max_length' is at least 0, not -1 (bad_value)"},
        BadCase{"ItemsOfLists", "type: array, items: array",
                "33: error: 'items' is string, int, float, bool, date, datetime or duration, not "
                "'array' (bad_value)"},
        BadCase{"MatchOfInt", "type: int, match: x",
                "24: error: 'match' is a key of the type string, not of int (unknown_key)"},
        BadCase{"MatchIsNone", "match: '[a-'",
                "20: error: 'match' is no regular expression: non-empty character class has no "
                "closing bracket after dash (bad_value)"},
        BadCase{"MatchLooksAround", "match: '(?=a)b'",
                "20: error: 'match' is no regular expression: look-around is not supported "
                "(bad_value)"},
        BadCase{"MatchOutOfItsFrame", "match: 'a)(b'",
                "20: error: 'match' is no regular expression: found closing ')' without "
                "matching '(' (bad_value)"},
        BadCase{"MatchTooLarge", "match: '((((a{99}){99}){99}){99})'",
                "20: error: 'match' is no regular expression: compiled regex exceeded size "
                "limit (bad_value)"},
        BadCase{"MatchIsTemplate", "match: '{{ run.id }}'",
                "21: error: 'match' is not a template (template_not_allowed); it is read before "
                "values are known"},
        BadCase{
            "MatchIsEmpty", "match: ''",
            "20: error: 'match' is empty (bad_value); leave the key out where any text will do"},
        BadCase{"DefaultDoesNotMatch", "match: 'a+', default: b",
                "35: error: 'default' of a string: wants what matches a+ as a whole, not 'b' "
                "(bad_value)"},
        BadCase{"BoundOfOtherType", "type: int, min: 1.5",
                "29: error: 'min' of a int wants a whole number, not '1.5' (bad_value)"},
        BadCase{"BoundIsTemplate", "type: date, min: '{{ run.date }}'",
                "31: error: 'min' is not a template (template_not_allowed); it is read before "
                "values are known"},
        BadCase{"BoundsCross", "type: duration, min: 2h, max: 60m",
                "43: error: 'max' is less than 'min' (bad_value)"},
        BadCase{"LengthsCross", "min_length: 3, max_length: 2",
                "40: error: 'max_length' is less than 'min_length' (bad_value)"},
        BadCase{"MoreThanThereAre", "type: multiselect, values: [a], min_items: 2",
                "56: error: 'min_items' is more than the 1 values that there are (bad_value)"},
        BadCase{"DefaultNoValue", "type: select, values: [a, b], default: c",
                "52: error: 'default' of a select: wants a or b, not 'c' (bad_value)"},
        BadCase{"DefaultTooLow", "type: int, min: 5, default: 4",
                "41: error: 'default' of a int: wants at least 5, not '4' (bad_value)"},
        BadCase{
            "DefaultItem", "type: array, items: int, default: [1, b]",
            "51: error: 'default' of a array: item 2 wants a whole number, not 'b' (bad_value)"},
        BadCase{
            "DefaultOfText", "type: array, items: int, default: '1,b'",
            "47: error: 'default' of a array: item 2 wants a whole number, not 'b' (bad_value)"},
        BadCase{"DefaultTemplateName", "type: array, default: ['{{ rum.date }}']",
                "40: error: undefined name 'rum' (undefined_name); did you mean 'run'?"},
        BadCase{"DefaultNoPath", "type: file, default: ''",
                "34: error: 'default' of a file: wants the path of a file, not '' (bad_value)"},
        BadCase{"DefaultNoName", "type: secret, default: 1a",
                "36: error: 'default' of a secret: wants the name of a secret (letters, digits "
                "and '_', no digit first), not '1a' (bad_value)"}),
    [](const auto& row) { return row.param.name; });

TEST(InputLists, GivenSeveralTimesHaveAllItems) {
  const auto flow = flow_with(
      "  - {id: m, type: multiselect, values: [a, b, c]}\n  - {id: n, type: array, items: int}\n");
  const auto json = resolve_inputs(
      *flow, {{"m", "a"}, {"n", "[1]"}, {"m", "b,c"}, {"n", ""}, {"n", "2"}}, kContext);
  ASSERT_TRUE(json.has_value()) << json.error().message;
  EXPECT_EQ(*json, R"({"m":["a","b","c"],"n":[1,2]})");
  EXPECT_FALSE(resolve_inputs(*flow, {{"m", "a"}, {"n", "1"}, {"m", "a"}}, kContext).has_value());
}

TEST(InputDefaults, OfListsMayBeListsTextsAndTemplates) {
  const auto flow = flow_with(
      "  - {id: a, type: array, default: [098, b]}\n"
      "  - {id: b, type: array, items: int, default: '1,2'}\n"
      "  - {id: c, type: array, items: date, default: ['{{ run.date }}', 2026-01-01]}\n"
      "  - {id: d, type: array, items: int, default: '{{ [1, 2] }}'}\n"
      "  - {id: e, type: array, default: 'x,{{ run.id }}'}\n"
      "  - {id: o, type: array, required: false}\n");
  const auto json = resolve_inputs(*flow, {}, kContext);
  ASSERT_TRUE(json.has_value()) << json.error().message;
  EXPECT_EQ(*json, R"({"a":["098","b"],"b":[1,2],"c":["2026-11-21","2026-01-01"],"d":[1,2],)"
                   R"("e":["x","r"],"o":null})");
}

TEST(InputDefaults, OfTemplatesAreCheckedAtTheStartWithTheirPlace) {
  const auto flow = flow_with(
      "  - {id: d, type: date, max: 2026-01-01, default: '{{ run.date }}'}\n"
      "  - {id: s, type: select, values: [q], default: '{{ run.id }}'}\n"
      "  - {id: l, type: array, items: int, default: ['{{ run.id }}']}\n");
  const auto json = resolve_inputs(*flow, {}, kContext, {"f.yaml", "/"});
  ASSERT_FALSE(json.has_value());
  EXPECT_EQ(json.error().message,
            "f.yaml:4:51: error: input 'd' (default) wants at most 2026-01-01, not '2026-11-21' "
            "(bad_value)\n"
            "f.yaml:5:49: error: input 's' (default) wants q, not 'r' (bad_value)\n"
            "f.yaml:6:47: error: input 'l' (default) item 1 wants a whole number, not 'r' "
            "(bad_value)");
}

class FileInput : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = testing::TempDir() + "/file_input.XXXXXX";
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    folder_ = fs::canonical(name);
    fs::create_directories(folder_ / "sub");
    std::ofstream(folder_ / "a.csv") << "x";
    fs::create_symlink("../a.csv", folder_ / "sub/latest.csv");
    flow_ = flow_with("  - {id: f, type: file, default: sub/../a.csv}\n", folder_);
  }
  void TearDown() override { fs::remove_all(folder_); }

  /// The value, or the error.
  std::string given(const std::string& path, const std::string& folder) {
    const auto json = resolve_inputs(*flow_, {{"f", path}}, kContext, {"", folder});
    return json.has_value() ? *json : json.error().message;
  }

  fs::path folder_;
  std::shared_ptr<const Flow> flow_;
};

/// What is given from afar, to a flow in `folder_` with its state below it.
TEST_F(FileInput, FromAfarLiesBelowTheFlowAndNotInTheState) {
  const std::string here = folder_;
  fs::create_directories(folder_ / "state/flows");
  fs::create_directories(folder_.string() + "-beside");
  for (const char* name : {"state/token", "state/flows/b.csv"})
    std::ofstream(folder_ / name) << "x";
  std::ofstream(here + "-beside/c.csv") << "x";
  fs::create_symlink("/etc/passwd", folder_ / "sub/out");
  fs::create_symlink("../state", folder_ / "sub/state");
  FileBounds bounds{{}, here + "/state"};
  InputPlaces places;
  places.bounds = &bounds;
  const auto takes = [&](const std::string& path, std::string folder = {}) {
    places.folder = std::move(folder);
    return resolve_inputs(*flow_, {{"f", path}}, kContext, places).has_value();
  };
  for (const std::string good : {"a.csv", "./sub/../a.csv", "sub/latest.csv"}) {
    EXPECT_TRUE(takes(good)) << good;
  }
  for (const std::string bad :
       {"/etc/passwd", "../../etc/passwd", "sub/out", "state/token", "sub/state/token",
        "sub/../state/token", "state/flows/b.csv", "nowhere/../../etc/passwd"}) {
    EXPECT_FALSE(takes(bad)) << bad;
  }
  EXPECT_FALSE(takes(here + "-beside/c.csv")) << "a name that only begins alike";
  EXPECT_TRUE(takes("b.csv", here + "/state/flows")) << "a flow that itself lies in the state";
  EXPECT_FALSE(takes("../token", here + "/state/flows"));
  bounds.folders = {here + "-beside", "/"};
  EXPECT_TRUE(takes(here + "-beside/c.csv"));
  EXPECT_FALSE(takes("state/token")) << "not even where everything may be named";
  places.own = {"f"};
  EXPECT_TRUE(takes("state/token")) << "the flow's own word has no bounds";
  fs::remove_all(here + "-beside");
}

TEST_F(FileInput, IsTheAbsolutePathFromWhereItWasGiven) {
  const std::string here = folder_;
  EXPECT_EQ(resolve_inputs(*flow_, {}, kContext, {"", "/"}), R"({"f":")" + here + R"(/a.csv"})");
  EXPECT_EQ(given("a.csv", here), R"({"f":")" + here + R"(/a.csv"})");
  EXPECT_EQ(given("../a.csv", here + "/sub"), R"({"f":")" + here + R"(/a.csv"})");
  EXPECT_EQ(given(here + "/a.csv", "/"), R"({"f":")" + here + R"(/a.csv"})");
  // Its own name says what is in it, so a link stays a link.
  EXPECT_EQ(given("sub/latest.csv", here), R"({"f":")" + here + R"(/sub/latest.csv"})");
}

TEST_F(FileInput, MustBeAFileThatCanBeRead) {
  const std::string here = folder_;
  EXPECT_EQ(given("b.csv", here), "input 'f' wants a file, but " + here +
                                      "/b.csv does not exist; a relative path is from " + here);
  EXPECT_EQ(given(here + "/sub", "/"), "input 'f' wants a file, but " + here + "/sub is a folder");
  ASSERT_EQ(::mkfifo((here + "/pipe").c_str(), 0600), 0);
  EXPECT_EQ(given(here + "/pipe", "/"),
            "input 'f' wants a file, but " + here + "/pipe is no regular file");
  EXPECT_EQ(given(here + "/a.csv/", "/"),
            "input 'f' wants a file, but " + here + "/a.csv/ does not exist");
  EXPECT_EQ(given("", here), "input 'f' wants the path of a file, not ''");
  EXPECT_EQ(given(std::string("a.csv\0x", 7), here),
            "input 'f' wants the path of a file, not 'a.csv\\x00x'");
  fs::permissions(folder_ / "a.csv", fs::perms::none);
  fs::permissions(folder_, fs::perms(0755));
  const bool root = ::geteuid() == 0;  // who may read everything
  ASSERT_TRUE(!root || ::seteuid(65534) == 0);
  const std::string refused = given(here + "/a.csv", "/");
  ASSERT_TRUE(!root || ::seteuid(0) == 0);
  EXPECT_EQ(refused,
            "input 'f' wants a file, but " + here + "/a.csv cannot be read: Permission denied");
}

TEST_F(FileInput, InAFileOfInputsIsFromItsFolder) {
  const std::string path = folder_ / "sub/day.yaml";
  std::ofstream(path) << "f: latest.csv\n";
  EXPECT_EQ(read_inputs_file(*flow_, path),
            (GivenInputs{{"f", (folder_ / "sub/latest.csv").string()}}));
  std::ofstream(path) << "\nf: a.csv\n";
  const auto given = read_inputs_file(*flow_, path);
  ASSERT_FALSE(given.has_value());
  EXPECT_EQ(given.error().message,
            path + ":2:4: error: input 'f' wants a file, but " + folder_.string() +
                "/sub/a.csv does not exist (bad_value); a relative path is from " +
                folder_.string() + "/sub");
}

TEST_F(FileInput, ADefaultIsNotLookedForByValidation) {
  EXPECT_NE(parsed_with("  - {id: f, type: file, default: nowhere.csv}\n").flow, nullptr);
}

TEST_F(FileInput, ListsInAFileOfInputsAreCheckedItemByItem) {
  const auto flow = flow_with(
      "  - {id: a, type: array}\n  - {id: m, type: multiselect, values: [x, y]}\n"
      "  - {id: s, type: select, values: [x]}\n  - {id: n, type: array, items: int}\n");
  const std::string path = folder_ / "day.yaml";
  std::ofstream(path) << "a: [098, 'b,c']\nm: x, y\nn: null\n";
  EXPECT_EQ(read_inputs_file(*flow, path), (GivenInputs{{"a", R"(["098","b,c"])"}, {"m", "x, y"}}));
  std::ofstream(path) << "a: {b: c}\nm:\n  - x\n  - z\ns: [x]\nn: [1, null]\n";
  const auto given = read_inputs_file(*flow, path);
  ASSERT_FALSE(given.has_value());
  EXPECT_EQ(given.error().message,
            path + ":1:4: error: input 'a' wants a list (array), not a map (wrong_type)\n" + path +
                ":4:5: error: input 'm' item 2 wants x or y, not 'z' (bad_value)\n" + path +
                ":5:4: error: input 's' wants one value (select), not a list (wrong_type)\n" +
                path +
                ":6:8: error: input 'n' item 2 wants one value (int), not nothing (bad_value)");
}

TEST(SecretInput, MayBeTheNameInSecret) {
  const std::string task =
      "id: f\ntasks:\n  - {id: a, type: shell, script: 'x', env: {P: \"{{ "
      "secret(inputs.p) }}\"}}\ninputs: [{id: p";
  EXPECT_EQ(findings(parse(task + ", type: secret}]\n", "f.yaml", "/")), "");
  EXPECT_EQ(findings(parse(task + "}]\n", "f.yaml", "/")),
            "f.yaml:3:52: error: input 'p' is no name of a secret (bad_template); give it the "
            "type secret, or write secret('NAME')\n");
  EXPECT_EQ(findings(parse(task + "q, type: secret}]\n", "f.yaml", "/")),
            "f.yaml:3:59: error: undefined name 'inputs.p' (undefined_name); did you mean "
            "'pq'?\n");
}

constexpr std::string_view kAllKeys = R"(
  - {id: s, type: select, values: [b, 01], default: b}
  - {id: m, type: multiselect, values: [x, y], min_items: 1, max_items: 2, default: 'y, x'}
  - {id: a, type: array, items: float, default: ["{{ run.number }}"], required: false}
  - {id: n, type: int, min: +1, max: 9}
  - {id: d, type: duration, min: 1h, required: false}
  - {id: t, min_length: 1, max_length: 3, match: '\d+'}
  - {id: f, type: file, default: x.csv}
  - {id: p, type: secret}
)";

TEST(InputCanonical, HasWhatWasWrittenAndGivesTheSameFlow) {
  std::string inputs(kAllKeys);
  inputs.replace(inputs.find("run.number"), 10, "run.id");
  const Parsed first = parsed_with(inputs);
  ASSERT_NE(first.flow, nullptr) << findings(first);
  EXPECT_EQ(first.canonical,
            R"({"id":"f","inputs":[{"default":"b","id":"s","type":"select","values":["b","01"]},)"
            R"({"default":["y","x"],"id":"m","max_items":2,"min_items":1,"type":"multiselect",)"
            R"("values":["x","y"]},)"
            R"({"default":["{{ run.id }}"],"id":"a","items":"float","type":"array"},)"
            R"({"id":"n","max":9,"min":1,"type":"int"},)"
            R"({"id":"d","min":"1h","required":false,"type":"duration"},)"
            R"({"id":"t","match":"\\d+","max_length":3,"min_length":1},)"
            R"({"default":"x.csv","id":"f","type":"file"},{"id":"p","type":"secret"}],)"
            R"("tasks":[{"id":"a","message":"x","type":"log"}]})");
  const auto second = from_canonical(first.canonical, "/");
  ASSERT_TRUE(second.has_value()) << second.error().message;
  EXPECT_EQ((*second)->hash, first.flow->hash);
  EXPECT_EQ((*second)->inputs[1].max_items, 2);
  EXPECT_EQ((*second)->inputs[3].min, "1");
}

TEST(InputCanonical, OfOlderFlowsIsAsItWas) {
  const Parsed parsed = parsed_with(
      "  - {id: s, type: string, default: a}\n  - {id: n, type: int}\n"
      "  - {id: j, type: json, default: [1]}\n");
  EXPECT_EQ(parsed.canonical,
            R"({"id":"f","inputs":[{"default":"a","id":"s"},{"id":"n","type":"int"},)"
            R"({"default":[1],"id":"j","type":"json"}],)"
            R"("tasks":[{"id":"a","message":"x","type":"log"}]})");
}

TEST(InputSchema, KnowsWhichTypesAKeyIsFor) {
  const boost::json::value root = boost::json::parse(json_schema());
  const boost::json::value& input = root.at("$defs").at("any_input");
  const boost::json::array& rules = input.at("allOf").as_array();
  EXPECT_EQ(boost::json::serialize(rules[0]),
            R"({"if":{"properties":{"type":{"enum":["select","multiselect"]}},)"
            R"("required":["type"]},"then":{"required":["values"]},)"
            R"("else":{"properties":{"values":false}}})");
  EXPECT_EQ(boost::json::serialize(rules[4]),
            R"({"if":{"properties":{"type":{"enum":["string"]}}},"then":{},)"
            R"("else":{"properties":{"min_length":false}}})");
  EXPECT_NE(reference_as_markdown().find(
                "| `values` | list of text |  | What may be chosen. For select, multiselect. |"),
            std::string::npos);
}

}  // namespace
}  // namespace cordyna::flow
