#include "example_report.hpp"

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <markup_check.hpp>
#include <nlohmann/json.hpp>

#include <tessera/base/error.hpp>
#include <tessera/evaluate/report.hpp>

namespace tessera::evaluate {
namespace {

using nlohmann::json;
using test::example;
using testing::HasSubstr;

/// The fields of one line of CSV, quotes undone.
std::vector<std::vector<std::string>> csv_rows(std::string const& text) {
    std::vector<std::vector<std::string>> rows{{""}};
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '"' && quoted && i + 1 < text.size() && text[i + 1] == '"') {
            rows.back().back() += text[++i];
        } else if (text[i] == '"') {
            quoted = !quoted;
        } else if (text[i] == ',' && !quoted) {
            rows.back().emplace_back();
        } else if (text[i] == '\n' && !quoted) {
            rows.push_back({""});
        } else {
            rows.back().back() += text[i];
        }
    }
    rows.pop_back();
    return rows;
}

TEST(Report, ScoresCanBeTakenAgainFromPredictionsCsv) {
    auto const report = example(0.8, 0.5);
    auto const rows = csv_rows(predictions_csv(report.model.predictions));
    ASSERT_EQ(rows.size(), 121U);
    EXPECT_THAT(rows[0],
                testing::ElementsAre("capture", "flow", "label", "prediction", "probability"));
    std::map<std::string, std::array<double, 3>> counts;  // right, label, prediction
    double right = 0;
    for (std::size_t i = 1; i < rows.size(); ++i) {
        counts[rows[i][2]][1] += 1;
        counts[rows[i][3]][2] += 1;
        if (rows[i][2] == rows[i][3]) {
            counts[rows[i][2]][0] += 1;
            right += 1;
        }
        EXPECT_EQ(rows[i][4], "0.75");
    }
    double f1 = 0;
    for (auto const& [name, n] : counts) f1 += 2 * n[0] / (n[1] + n[2]) / 3;
    auto const written = json::parse(report_json(report));
    EXPECT_NEAR(written["accuracy"].get<double>(), right / 120, 1e-12);
    EXPECT_NEAR(written["macro_f1"].get<double>(), f1, 1e-12);
    EXPECT_EQ(rows[2][0], "b,c.pcap");
}

TEST(Report, JsonHasTheNamesThatScriptsRelyOn) {
    auto const report = example(0.8, 0.5);
    auto const written = json::parse(report_json(report));
    for (auto const* name :
         {"accuracy", "balanced_accuracy", "macro_f1", "weighted_f1", "per_class", "confusion",
          "classes", "intervals", "baselines", "split", "provenance"}) {
        EXPECT_TRUE(written.contains(name)) << name;
    }
    EXPECT_EQ(written["per_class"]["ssh"]["support"], 40);
    auto const range = written["intervals"]["macro_f1"];
    EXPECT_LT(range[0].get<double>(), written["macro_f1"].get<double>());
    EXPECT_GT(range[1].get<double>(), written["macro_f1"].get<double>());
    EXPECT_EQ(written["baselines"]["port_lookup"]["accuracy"].get<double>(),
              report.controls[0].scores.labels.accuracy);
    EXPECT_EQ(written["packets"]["dropped"]["not_ip"], 10);
    EXPECT_EQ(written["split"]["flows"]["test"], 120);
    EXPECT_EQ(written["provenance"]["store"], "abc");
}

TEST(Report, PageShowsTheNumbersOfTheJson) {
    auto const report = example(0.8, 0.5);
    auto const page = report_html(report);
    auto const written = json::parse(report_json(report));
    for (auto const* score : {"accuracy", "balanced_accuracy", "macro_f1", "weighted_f1", "mcc",
                              "log_loss", "brier", "ece"}) {
        auto const value = report::number(written[score].get<double>(), 4);
        EXPECT_THAT(page, HasSubstr("<td class=\"right\">" + value + "</td>")) << score;
    }
    for (auto const& [name, scores] : written["per_class"].items()) {
        EXPECT_THAT(page, HasSubstr(">" + report::number(scores["f1"].get<double>()) + "<"));
    }
    EXPECT_THAT(page, HasSubstr("mail, &quot;web&quot; &amp; &lt;b&gt;"));
    EXPECT_THAT(page, testing::Not(HasSubstr("<b>")));
    EXPECT_THAT(page, HasSubstr("fold valid has no flow of class ssh"));
    EXPECT_THAT(page, HasSubstr("dropped: not_ip"));
    if (test::has_python()) {
        EXPECT_TRUE(test::is_well_formed(page));
    }
}

// Runs of one name are one line of the label budget, the graded one among them.
TEST(Report, TheGradedModelStandsUnderItsNameBesideItsOtherRuns) {
    auto report = example(0.8, 0.5);
    report.provenance.emplace_back("masking", "strict & long");
    report.votes = {report.controls.front()};
    report.votes.front().title = "network, votes per flow";
    auto const page = report_html(report);
    EXPECT_THAT(page, HasSubstr("network (strict &amp; long)"));
    EXPECT_THAT(page, testing::Not(HasSubstr("votes per flow (strict")));
}

TEST(Report, FirstLineNamesTheBestControl) {
    auto const good = headline(example(0.9, 0.4));
    EXPECT_FALSE(good.control_wins);
    EXPECT_THAT(good.text, testing::StartsWith("macro-F1 0."));
    EXPECT_THAT(good.text, HasSubstr("Best control: port look-up"));
    EXPECT_THAT(good.text, testing::Not(HasSubstr("not clearly")));

    auto const close = headline(example(0.9, 0.88));
    EXPECT_THAT(close.text, HasSubstr("not clearly better"));

    auto const beaten = headline(example(0.4, 0.9));
    EXPECT_TRUE(beaten.control_wins);
    EXPECT_THAT(beaten.text, testing::StartsWith("A control does as well or better: port"));
    EXPECT_THAT(report_html(example(0.4, 0.9)), HasSubstr("class=\"headline warning\""));
}

TEST(Report, FirstLineSaysThatASplitLeaks) {
    auto report = test::example(0.8, 0.5);
    EXPECT_THAT(headline(report).text, testing::Not(HasSubstr("LEAKY")));
    report.split.is_leaky = true;
    EXPECT_THAT(headline(report).text, testing::StartsWith("LEAKY SPLIT"));
}

TEST(Report, FolderIsPublishedWholeAndNeverOverwrittenUnasked) {
    test::Scratch const scratch;
    auto const folder = scratch / "report";
    auto const report = example(0.8, 0.5);
    publish_report(base::local_files(), folder, report);
    for (auto const* name :
         {"report.json", "report.html", "predictions.csv", "confusion.csv", "confusion.svg"}) {
        EXPECT_TRUE(std::filesystem::is_regular_file(folder / name)) << name;
    }
    EXPECT_FALSE(std::filesystem::exists(scratch / "report.partial"));
    try {
        publish_report(base::local_files(), folder, report);
        FAIL() << "the folder was overwritten";
    } catch (base::Error const& error) {
        EXPECT_EQ(error.code(), base::ExitCode::usage);
    }
    std::ofstream(folder / "stale.txt") << "old";
    publish_report(base::local_files(), folder, report, ExistingFolder::replace);
    EXPECT_FALSE(std::filesystem::exists(folder / "stale.txt"));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch.path()), {}), 1);
}

TEST(Report, NothingButAReportIsReplaced) {
    test::Scratch const scratch;
    auto const report = example(0.8, 0.5);
    for (auto const* name : {"out", "out.partial", "out.replaced"}) {
        std::filesystem::create_directory(scratch / name);
        std::ofstream(scratch / name / "thesis.tex") << "years";
        EXPECT_THROW(
            publish_report(base::local_files(), scratch / "out", report, ExistingFolder::replace),
            base::Error)
            << name;
        EXPECT_EQ(base::read_text(scratch / name / "thesis.tex"), "years");
        std::filesystem::remove(scratch / name / "thesis.tex");
        std::ofstream(scratch / name / "report.json.tmp") << "{";  // of a run that was killed
        EXPECT_NO_THROW(
            publish_report(base::local_files(), scratch / "out", report, ExistingFolder::replace));
    }
}

/// Fails every write after the first few.
class FullDisk : public base::FileSystem {
  public:
    std::unique_ptr<base::OutputFile> create(std::filesystem::path const& path) override {
        if (++files_ > 2) base::fail(base::ExitCode::environment, "{}: disk full", path.string());
        return base::local_files().create(path);
    }
    void sync_file(std::filesystem::path const& path) override {
        base::local_files().sync_file(path);
    }
    void rename(std::filesystem::path const& from, std::filesystem::path const& to) override {
        base::local_files().rename(from, to);
    }
    void sync_folder(std::filesystem::path const& folder) override {
        base::local_files().sync_folder(folder);
    }
    void remove(std::filesystem::path const& path) override { base::local_files().remove(path); }

  private:
    int files_ = 0;
};

TEST(Report, AFullDiskLeavesTheOldReportInPlace) {
    test::Scratch const scratch;
    auto const folder = scratch / "report";
    publish_report(base::local_files(), folder, example(0.8, 0.5));
    auto const before = base::read_text(folder / "report.json");
    FullDisk disk;
    EXPECT_THROW(publish_report(disk, folder, example(0.4, 0.5), ExistingFolder::replace),
                 base::Error);
    EXPECT_EQ(base::read_text(folder / "report.json"), before);
}

TEST(Report, ConfusionCsvHasNamesOnBothSides) {
    Confusion confusion(2);
    confusion.add(0, 1, 5);
    confusion.add(1, 1, 7);
    EXPECT_EQ(confusion_csv({"a,b", "c"}, confusion), "label,\"a,b\",c\n\"a,b\",0,5\nc,0,7\n");
}

TEST(Report, TableForTheTerminalHasModelAndControls) {
    auto const text = report::to_text(score_table(example(0.8, 0.5)));
    EXPECT_THAT(text, HasSubstr("\nnetwork "));
    EXPECT_THAT(text, HasSubstr("\nport look-up "));
}

}  // namespace
}  // namespace tessera::evaluate
