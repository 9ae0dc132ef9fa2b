#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <tessera/base/files.hpp>
#include <tessera/baseline/controls.hpp>
#include <tessera/baseline/predictions.hpp>
#include <tessera/evaluate/bootstrap.hpp>
#include <tessera/evaluate/companions.hpp>
#include <tessera/evaluate/duplicates.hpp>
#include <tessera/evaluate/rejection.hpp>
#include <tessera/evaluate/scores.hpp>
#include <tessera/evaluate/split_facts.hpp>
#include <tessera/report/metrics.hpp>
#include <tessera/report/table.hpp>

namespace tessera::evaluate {

/// A model, or a control beside it, with its scores and their intervals on the test fold.
struct Graded {
    std::string name;   ///< key in report.json, e.g. "port_lookup"
    std::string title;  ///< for people, e.g. "port look-up"
    baseline::Predictions predictions;
    Scores scores;
    Replicates replicates;
    std::map<std::string, Interval> intervals;  ///< by score name
    std::vector<Interval> class_f1;             ///< [C]
};

Graded graded(std::string name, std::string title, baseline::Predictions predictions,
              BootstrapConfig const& config);

/// The controls graded on the items of the model (its packets, or its flows).
std::vector<Graded> graded(std::vector<baseline::Control> const& controls,
                           baseline::Predictions const& model, BootstrapConfig const& config);

struct PacketCounts {
    std::uint64_t read = 0;
    std::uint64_t kept = 0;
    std::map<std::string, std::uint64_t> dropped;  ///< by reason
};

/// What a report is about: a model beside the controls, or the controls alone, of which the
/// strongest stands in the model's place.
enum class Subject { model, controls };

/// All that a report tells.
struct Report {
    Subject subject = Subject::model;
    std::string title;
    std::string item = "flow";  ///< what a row of the predictions is: flow or packet
    Graded model;
    std::vector<Graded> controls;  ///< graded on the same items
    std::vector<Graded> votes;     ///< packet models: the same by votes per flow; else empty
    std::vector<Graded> unseen;  ///< the model without items of `duplicates`; empty if it has none
    BootstrapConfig bootstrap;   ///< of model and controls
    Rejection rejection;
    std::optional<UnknownClasses> unknown;  ///< classes that the split held out of training
    std::optional<Duplicates> duplicates;
    std::vector<Companion> companions;  ///< other runs to show beside this one
    SplitFacts split;
    PacketCounts packets;
    std::vector<report::MetricRow> metrics;  ///< of the run that trained the model; may be empty
    std::vector<std::pair<std::string, std::string>> provenance;
    std::vector<std::string> notes;  ///< what the reader must know about the grade
};

/// What a reader should know first.
struct Headline {
    std::string text;
    bool control_wins = false;  ///< a control's macro-F1 is as high as the model's, or higher
};

Headline headline(Report const& report);

/// macro-F1 of the model minus that of a control, and its interval over paired draws.
struct Lead {
    double difference = 0;
    Interval interval;
};

Lead lead_over(Graded const& model, Graded const& control, double level);

/// Model and controls, a row each, for terminal and page.
report::Table score_table(Report const& report);

std::string report_json(Report const& report);
std::string report_html(Report const& report);

/// `capture,flow,label,prediction,probability`, a row an item (RFC 4180); classes by name.
std::string predictions_csv(baseline::Predictions const& predictions);

/// Counts with true classes down and predicted classes across.
std::string confusion_csv(std::vector<std::string> const& classes, Confusion const& confusion);

enum class ExistingFolder { refuse, replace };

/// Error(usage) unless a report can be published as `folder`: where that exists it may be replaced,
/// and neither it nor what stands as `folder`.partial or `folder`.replaced is anything but a report
/// or empty. For those who will publish one after long work.
void require_output(std::filesystem::path const& folder, ExistingFolder existing);

/// Writes report.json, report.html, predictions.csv, confusion.csv and confusion.svg under
/// `folder`.partial and publishes the folder whole. Errors as of require_output.
void publish_report(base::FileSystem& files, std::filesystem::path const& folder,
                    Report const& report, ExistingFolder existing = ExistingFolder::refuse);

}  // namespace tessera::evaluate
