#include "made_flows.hpp"
#include "scratch.hpp"

#include <fstream>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <tessera/base/error.hpp>
#include <tessera/base/process.hpp>
#include <tessera/dataset/labels.hpp>

namespace tessera {
namespace {

using dataset::glob_matches;
using dataset::LabelRules;
using packet::Protocol;
using test::endpoint_v4;

LabelRules rules_from(std::string const& name, std::string const& text) {
    test::Scratch scratch;
    std::ofstream(scratch / name) << text;
    return dataset::load_label_rules(scratch / name);
}

LabelRules toml(std::string const& text) {
    return rules_from("labels.toml", text);
}
LabelRules csv(std::string const& text) {
    return rules_from("labels.csv", text);
}

std::string fault_of(std::string const& name, std::string const& text) {
    try {
        rules_from(name, text);
    } catch (base::Error const& error) {
        EXPECT_EQ(error.code(), base::ExitCode::usage);
        std::string const line = error.what();
        return line.substr(line.find(name));
    }
    return "no error";
}

/// Name of the class in the first set; "" for none.
std::string label(LabelRules const& rules, std::string const& path, flow::Flow const& flow,
                  base::Nanoseconds first = 0) {
    std::vector<std::int32_t> labels(rules.sets().size());
    rules.for_capture(path).label(flow.key, first, labels);
    auto const index = labels.at(0);
    return index == dataset::no_label ? ""
                                      : rules.sets()[0].classes.at(static_cast<std::size_t>(index));
}

flow::Flow web_flow() {
    return test::flow_between(endpoint_v4(1, 40'000), endpoint_v4(2, 443), Protocol::tcp);
}

TEST(Glob, StaysWithinAPartUnlessDoubled) {
    EXPECT_TRUE(glob_matches("a*.pcap", "abc.pcap"));
    EXPECT_TRUE(glob_matches("a*.pcap", "run1/abc.pcap"));
    EXPECT_TRUE(glob_matches("run?/web*", "sample/run2/web-7.pcapng"));
    EXPECT_TRUE(glob_matches("**/web*", "x/y/web"));
    EXPECT_TRUE(glob_matches("x**", "x/y/web"));
    EXPECT_TRUE(glob_matches("[a-c]x[!0-9]", "bxz"));
    EXPECT_TRUE(glob_matches("/run1/*", "run1/a"));
    EXPECT_TRUE(glob_matches("a[", "a["));
    EXPECT_FALSE(glob_matches("a*.pcap", "ab.pcapng"));
    EXPECT_FALSE(glob_matches("x*web", "x/y/web"));
    EXPECT_FALSE(glob_matches("/run1/*", "sample/run1/a"));
    EXPECT_TRUE(glob_matches("/data/*.pcap", "/data/a.pcap"));
    EXPECT_TRUE(glob_matches("data/*.pcap", "/data/a.pcap"));
    EXPECT_FALSE(glob_matches("/*.pcap", "/data/a.pcap"));
    EXPECT_FALSE(glob_matches("[a-c]x[!0-9]", "bx5"));
    EXPECT_FALSE(glob_matches("?", "/"));
    EXPECT_FALSE(glob_matches("", "a"));
}

TEST(Glob, TakesNoExponentialTime) {
    std::string const text(2000, 'a');
    std::string glob;
    for (int i = 0; i < 50; ++i) glob += "*a**a";
    EXPECT_FALSE(glob_matches(glob + "b", text));
}

TEST(LabelToml, GivesTheFirstRuleThatFits) {
    auto const rules = toml(R"(
[[set]]
name = "service"
[[set.rule]]
path = "*/web.pcap*"
port = [80, 443]
label = "web"
[[set.rule]]
path = "*/web.pcap*"
protocol = "udp"
label = "quic"
[[set.rule]]
address = "10.0.0.0/31"
label = "near"
)");
    EXPECT_EQ(rules.sets().at(0).classes, (std::vector<std::string>{"near", "quic", "web"}));
    EXPECT_EQ(label(rules, "run1/web.pcap", web_flow()), "web");
    EXPECT_EQ(label(rules, "run1/ssh.pcap", web_flow()), "near");
    auto const dns = test::flow_between(endpoint_v4(4, 5000), endpoint_v4(2, 53), Protocol::udp);
    EXPECT_EQ(label(rules, "run1/web.pcap.gz", dns), "quic");
    EXPECT_EQ(label(rules, "run1/ssh.pcap", dns), "");
}

TEST(LabelToml, TakesTimeWindows) {
    auto const rules = toml(R"(
[[set]]
name = "phase"
[[set.rule]]
from = 2024-01-31T08:00:00Z
to = 2024-01-31T10:00:00+01:00
label = "morning"
[[set.rule]]
to = 5
label = "early"
)");
    base::Nanoseconds const eight = 1'706'688'000'000'000'000;  // date -d 2024-01-31T08:00Z +%s
    base::Nanoseconds const nine = eight + 3600 * base::nanoseconds_per_second;
    EXPECT_EQ(label(rules, "x", web_flow(), eight), "morning");
    EXPECT_EQ(label(rules, "x", web_flow(), nine - 1), "morning");
    EXPECT_EQ(label(rules, "x", web_flow(), eight - 1), "");
    EXPECT_EQ(label(rules, "x", web_flow(), nine), "");
    EXPECT_EQ(label(rules, "x", web_flow(), -7), "early");
}

TEST(LabelToml, KeepsSetsApart) {
    auto const rules = toml(R"(
[[set]]
name = "service"
[[set.rule]]
label = "web"
[[set]]
name = "tunnel"
[[set.rule]]
protocol = "udp"
label = "vpn"
)");
    std::vector<std::int32_t> labels(2, 7);
    rules.for_capture("x").label(web_flow().key, 0, labels);
    EXPECT_EQ(labels, (std::vector<std::int32_t>{0, dataset::no_label}));
}

TEST(LabelToml, NamesFileAndLineOfAFault) {
    EXPECT_THAT(fault_of("labels.toml", "[[set]]\nname = 'a'\n[[set.rule]]\nprot = 'tcp'\n"),
                testing::StartsWith("labels.toml:4: unknown key 'prot'"));
    EXPECT_THAT(fault_of("labels.toml", "[[set]]\nname = 'A b'\n"),
                testing::StartsWith("labels.toml:1: set name"));
    EXPECT_THAT(fault_of("labels.toml", "[[set]]\nname = 'a'\n[[set.rule]]\nport = 70000\n"),
                testing::StartsWith("labels.toml:4: port"));
    EXPECT_THAT(fault_of("labels.toml", "[[set]]\nname = 'a'\n[[set.rule]]\nport = 7\n"),
                testing::StartsWith("labels.toml:3: a rule without a label"));
    EXPECT_THAT(fault_of("labels.toml", "[[set]]\nname = \n"),
                testing::StartsWith("labels.toml:2: "));
    EXPECT_THAT(fault_of("labels.toml", "x = 1\n"), testing::StartsWith("labels.toml:1: unknown"));
    EXPECT_THAT(fault_of("labels.toml", "[[set]]\nname='a'\n[[set]]\nname='a'\n"),
                testing::StartsWith("labels.toml:3: set 'a' stands here twice"));
}

TEST(LabelCsv, FindsFlowsInEitherOrderOfTheirEnds) {
    auto const rules =
        csv("path,protocol,a_ip,a_port,b_ip,b_port,label,note\r\n"
            "run1/a.pcap,tcp,10.0.0.2,443,10.0.0.1,40000,\"web, secure\",x\r\n"
            "run1/a.pcap,,,,,,other,\n"
            ",17,10.0.0.1,5000,10.0.0.2,53,names,\n");
    EXPECT_EQ(label(rules, "run1/a.pcap", web_flow()), "web, secure");
    EXPECT_EQ(label(rules, "set/run1/a.pcap", web_flow()), "web, secure");
    EXPECT_EQ(label(rules, "run1/a.pcap", test::example_flow()), "other");
    EXPECT_EQ(label(rules, "run2/a.pcap", test::example_flow()), "names");
    EXPECT_EQ(label(rules, "run2/a.pcap", web_flow()), "");
}

// One 5-tuple used twice: which flow is meant, the time says.
TEST(LabelCsv, TellsFlowsOfOneFiveTupleByTheirTime) {
    auto const rules =
        csv("protocol,a_ip,a_port,b_ip,b_port,from,to,label\n"
            "tcp,10.0.0.1,40000,10.0.0.2,443,,1970-01-01T00:00:01Z,early\n"
            "tcp,10.0.0.2,443,10.0.0.1,40000,1000000000,1970-01-01T00:00:03+00:00,middle\n"
            ",,,,,1970-01-01 00:00:02,,late\n");
    EXPECT_EQ(label(rules, "a.pcap", web_flow(), 999'999'999), "early");
    EXPECT_EQ(label(rules, "a.pcap", web_flow(), 1'000'000'000), "middle");
    EXPECT_EQ(label(rules, "a.pcap", web_flow(), 2'500'000'000), "middle");
    EXPECT_EQ(label(rules, "a.pcap", web_flow(), 3'000'000'000), "late");
    EXPECT_EQ(label(rules, "a.pcap", test::example_flow(), 1'500'000'000), "");
    EXPECT_THAT(fault_of("l.csv", "from,label\nyesterday,x\n"),
                testing::StartsWith("l.csv:2: 'yesterday' is no time"));
    EXPECT_THAT(fault_of("l.csv", "from,label\n1970-01-01T00:00:01Z y = 3,x\n"),
                testing::StartsWith("l.csv:2: '1970"));
}

TEST(LabelToml, TakesAFiveTupleInEitherOrderOfItsEnds) {
    for (auto const* ends :
         {"a_ip = '10.0.0.1'\na_port = 40000\nb_ip = '10.0.0.2'\nb_port = 443\n",
          "b_ip = '10.0.0.1'\nb_port = 40000\na_ip = '10.0.0.2'\na_port = 443\n"}) {
        auto const rules = toml(std::string("[[set]]\nname = 's'\n[[set.rule]]\nlabel = 'web'\n"
                                            "protocol = 'tcp'\npath = 'a*'\n") +
                                ends);
        EXPECT_EQ(label(rules, "ab.pcap", web_flow()), "web");
        EXPECT_EQ(label(rules, "b.pcap", web_flow()), "");
        EXPECT_EQ(label(rules, "ab.pcap", test::example_flow()), "");
    }
    EXPECT_THAT(fault_of("l.toml",
                         "[[set]]\nname = 's'\n[[set.rule]]\nlabel = 'x'\n"
                         "a_ip = '10.0.0.1'\n"),
                testing::HasSubstr("a flow needs all of"));
}

TEST(LabelCsv, TakesSeveralSets) {
    auto const rules = csv("path,label.app,label.master\na.pcap,chat,tls\nb.pcap,,tls\n");
    ASSERT_EQ(rules.set_names(), (std::vector<std::string>{"app", "master"}));
    std::vector<std::int32_t> labels(2);
    rules.for_capture("b.pcap").label(web_flow().key, 0, labels);
    EXPECT_EQ(labels, (std::vector<std::int32_t>{dataset::no_label, 0}));
}

TEST(LabelCsv, TakesAPathWithBracketsAsItStands) {
    EXPECT_EQ(label(csv("path,label\na[1].pcap,web\n"), "a[1].pcap", web_flow()), "web");
}

// "CSV UTF-8" of office programs begins with a byte order mark.
TEST(LabelCsv, TakesAByteOrderMarkAndSpacesAroundNames) {
    auto const rules = csv("\xEF\xBB\xBFpath, label\na.pcap,chat\nb.pcap,mail\n");
    EXPECT_EQ(label(rules, "a.pcap", web_flow()), "chat");
    EXPECT_EQ(label(rules, "b.pcap", web_flow()), "mail");
}

TEST(LabelCsv, RefusesWhatWouldFitEveryFlowUnseen) {
    EXPECT_THAT(fault_of("l.csv", "Path,label\na,x\n"),
                testing::StartsWith("l.csv:1: column 'Path': write 'path'"));
    EXPECT_THAT(fault_of("l.csv", "path,A IP,label\na,,x\n"),
                testing::StartsWith("l.csv:1: column 'A IP': write 'a_ip'"));
    EXPECT_THAT(fault_of("l.csv", "path,label,LABEL.app\na,x,y\n"),
                testing::StartsWith("l.csv:1: column 'LABEL.app': write 'label.app'"));
    EXPECT_THAT(fault_of("l.csv", "path,label\na,x\n,y\n"),
                testing::StartsWith("l.csv:3: neither path"));
}

TEST(LabelCsv, NamesFileAndLineOfAFault) {
    EXPECT_THAT(fault_of("l.csv", "path\nx\n"), testing::StartsWith("l.csv:1: no column 'label'"));
    EXPECT_THAT(fault_of("l.csv", "path,label\nx\n"), testing::StartsWith("l.csv:2: 1 fields"));
    EXPECT_THAT(fault_of("l.csv", "a_ip,label\n10.0.0.1,x\n"),
                testing::StartsWith("l.csv:2: a flow needs all"));
    EXPECT_THAT(fault_of("l.csv", "protocol,label\nicmp,x\n"),
                testing::StartsWith("l.csv:2: protocol"));
    EXPECT_THAT(fault_of("l.csv", ""), testing::StartsWith("l.csv:0: is empty"));
}

TEST(Labels, ReadsTheRulesOfTheSampleCaptures) {
    std::filesystem::path const file = TESSERA_SOURCE_DIR "/datasets/sample/labels.toml";
    if (!std::filesystem::exists(file)) GTEST_SKIP() << "no sample labels";
    auto const rules = dataset::load_label_rules(file);
    EXPECT_EQ(label(rules, "run1/ssh.pcap.gz", web_flow()), "ssh");
}

// Names are absolute where a list of captures is.
TEST(LabelToml, TiesAPathToAnAbsoluteName) {
    auto const rules = toml(R"(
[[set]]
name = "s"
[[set.rule]]
path = "/data/web/a.pcap"
label = "web"
[[set.rule]]
path = "/data/mail/*"
label = "mail"
[[set.rule]]
path = "/b[1].pcap"
label = "odd"
)");
    EXPECT_EQ(label(rules, "/data/web/a.pcap", web_flow()), "web");
    EXPECT_EQ(label(rules, "data/web/a.pcap", web_flow()), "web");
    EXPECT_EQ(label(rules, "/more/data/web/a.pcap", web_flow()), "");
    EXPECT_EQ(label(rules, "/data/mail/b.pcap", web_flow()), "mail");
    EXPECT_EQ(label(rules, "b[1].pcap", web_flow()), "odd");
}

// With a copy of the rules for each, these captures would take half a gigabyte.
TEST(LabelRules, AreHeldOnceForAllCaptures) {
    std::string text = "protocol,a_ip,a_port,b_ip,b_port,label\n";
    for (int i = 0; i < 20'000; ++i) {
        text += fmt::format("tcp,10.0.0.1,{},10.0.0.2,443,{}\n", 40'000 + i, i % 7);
    }
    auto const rules = csv(text);
    auto const before = base::peak_resident_bytes();
    std::vector<dataset::CaptureLabels> captures;
    for (int i = 0; i < 200; ++i) captures.push_back(rules.for_capture(fmt::format("{}.pcap", i)));
    EXPECT_LT(base::peak_resident_bytes() - before, 64U << 20U);
    std::vector<std::int32_t> found(1);
    captures.back().label(web_flow().key, 0, found);
    EXPECT_EQ(found[0], 0);
}

// By the names as they stand: compared with each other's as globs these would take minutes.
TEST(FolderLabels, TakeAbsoluteNamesWithOddLetters) {
    std::vector<std::string> captures;
    for (int i = 0; i < 20'000; ++i) {
        captures.push_back(fmt::format("/data/{}/a[{}]*.pcap", i % 2 == 0 ? "web" : "mail", i));
    }
    auto const rules = dataset::folder_labels(captures);
    for (std::size_t i = 0; i < captures.size(); ++i) {
        ASSERT_EQ(label(rules, captures[i], web_flow()), i % 2 == 0 ? "web" : "mail");
    }
}

TEST(FolderLabels, NameTheFolderThatHoldsACapture) {
    std::vector<std::string> const captures{"web/a.pcap", "2024/mail/b[1].pcap", "loose.pcap",
                                            "2024/web/a.pcap"};
    auto const rules = dataset::folder_labels(captures);
    ASSERT_EQ(rules.sets().size(), 1U);
    EXPECT_EQ(rules.sets()[0].name, "folder");
    EXPECT_EQ(rules.sets()[0].classes, (std::vector<std::string>{"mail", "web"}));
    std::vector<std::int32_t> found;
    for (auto const& capture : captures) {
        std::vector<std::int32_t> label(1);
        rules.for_capture(capture).label(flow::FlowKey{}, 0, label);
        found.push_back(label[0]);
    }
    EXPECT_EQ(found, (std::vector<std::int32_t>{1, 0, dataset::no_label, 1}));
    std::vector<std::string> const none{"loose.pcap"};
    EXPECT_THROW(dataset::folder_labels(none), base::Error);
}

}  // namespace
}  // namespace tessera
