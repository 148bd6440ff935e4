#include "process/shell/script_names.hpp"

#include <gtest/gtest.h>

namespace cordyna::script {
namespace {

struct FileCase {
  std::vector<std::string> interpreter;
  const char* text;
  const char* file;
  const char* wanted;
};

class ScriptFileTest : public testing::TestWithParam<FileCase> {};

TEST_P(ScriptFileTest, EndsAsItsLanguageWants) {
  EXPECT_EQ(script_file(GetParam().interpreter, GetParam().text, GetParam().file),
            GetParam().wanted);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ScriptFileTest,
    testing::Values(FileCase{{"Rscript"}, "x", "", "script.R"},
                    FileCase{{"/usr/bin/Rscript", "--vanilla"}, "x", "a.r", "script.R"},
                    FileCase{{"/usr/bin/env", "python3.11", "-u"}, "x", "", "script.py"},
                    FileCase{{"python3"}, "x", "", "script.py"},
                    FileCase{{"node"}, "const a = require('fs')", "", "script.cjs"},
                    FileCase{{"node"}, "// x\nimport fs from 'node:fs'", "", "script.mjs"},
                    FileCase{{"node"}, "import{a} from 'b'", "", "script.mjs"},
                    FileCase{{"node"}, "import('b')\nimported()\nexports.a = 1", "", "script.cjs"},
                    FileCase{{"node20"}, "export {}", "", "script.mjs"},
                    FileCase{{"lua5.4"}, "x", "", "script.lua"},
                    FileCase{{"bash", "-eu"}, "x", "", "script.sh"},
                    FileCase{{"pwsh"}, "x", "", "script.ps1"},
                    FileCase{{"unknown"}, "x", "", "script"},
                    FileCase{{"unknown"}, "x", "a/b.xyz", "script.xyz"},
                    FileCase{{"unknown"}, "x", "a.b/c", "script"},
                    FileCase{{"unknown"}, "x", "../.hidden", "script"},
                    FileCase{{"unknown"}, "x", "b.a-b;c", "script"}));

TEST(SourceFileTest, IsTheUsersWhereEveryCompilerTakesIt) {
  EXPECT_EQ(source_file("c", ""), "script.c");
  EXPECT_EQ(source_file("rust", ""), "script.rs");
  EXPECT_EQ(source_file("c", "src/sum2.c"), "sum2.c");
  EXPECT_EQ(source_file("rust", "src/sum.rs"), "sum.rs");
  EXPECT_EQ(source_file("go", "sum_test.go"), "script.go");
  EXPECT_EQ(source_file("go", "sum.c"), "script.go");
  EXPECT_EQ(source_file("c", "-o.c"), "script.c");
  EXPECT_EQ(source_file("c", "a;b.c"), "script.c");
}

struct JavaCase {
  const char* source;
  const char* wanted;
};

class JavaMainTest : public testing::TestWithParam<JavaCase> {};

TEST_P(JavaMainTest, IsFound) {
  EXPECT_EQ(java_main(GetParam().source).name, GetParam().wanted);
}

INSTANTIATE_TEST_SUITE_P(
    Table, JavaMainTest,
    testing::Values(
        JavaCase{"class A {} class B {}", "A"}, JavaCase{"class A {} public class B {}", "B"},
        JavaCase{"package a.b ; import c.d; public final class Übung$1 {}", "a.b.Übung$1"},
        JavaCase{"// class X\n/* public class Y */ class Z { class W {} public class V {} }", "Z"},
        JavaCase{"class A { String a = \"} public class B {\"; char c = '\\''; }", "A"},
        JavaCase{"class A { String a = \"\"\"\n public class B { \"\"\"; } record C() {}", "A"},
        JavaCase{"@Big({1, 2}) public record R(int a) {}", "R"},
        JavaCase{"public enum E { A }", "E"}, JavaCase{"void main() {}", "Main"},
        JavaCase{"", "Main"}, JavaCase{"class", "Main"}, JavaCase{"class A { /* open", "A"},
        JavaCase{"class A { \"open", "A"}, JavaCase{"}}} class A {}", "A"}));

}  // namespace
}  // namespace cordyna::script
