#include <tessera/base/error.hpp>
#include <tessera/evaluate/report.hpp>
#include <tessera/report/confusion_chart.hpp>

namespace tessera::evaluate {

namespace {

std::filesystem::path beside(std::filesystem::path const& folder, char const* ending) {
    auto const plain = folder.has_filename() ? folder : folder.parent_path();
    return plain.string() + ending;
}

// Nothing, an empty folder, or a report, whole or begun: report.json is written first.
void require_removable(std::filesystem::path const& folder) {
    namespace fs = std::filesystem;
    if (!fs::exists(folder)) return;
    auto const marker = folder / "report.json";
    bool const ours = fs::is_directory(folder) && (fs::is_empty(folder) || fs::exists(marker) ||
                                                   fs::exists(base::aside_of(marker)));
    base::validate(ours, base::ExitCode::usage,
                   "{} would be removed, and is no report: move it away, or give another --output",
                   base::printable(folder.string()));
}

void write_all(base::FileSystem& files, std::filesystem::path const& folder, Report const& report) {
    auto const& predictions = report.model.predictions;
    auto const& confusion = report.model.scores.confusion;
    base::publish(files, folder / "report.json", report_json(report));
    base::publish(files, folder / "predictions.csv", predictions_csv(predictions));
    base::publish(files, folder / "confusion.csv", confusion_csv(predictions.classes, confusion));
    base::publish(files, folder / "confusion.svg",
                  report::to_svg(report::ConfusionChart{"Confusion matrix", predictions.classes,
                                                        confusion.counts()}));
    base::publish(files, folder / "report.html", report_html(report));
}

}  // namespace

void require_output(std::filesystem::path const& folder, ExistingFolder existing) {
    base::validate(existing == ExistingFolder::replace || !std::filesystem::exists(folder),
                   base::ExitCode::usage,
                   "{} exists; give --force to replace it, or another --output",
                   base::printable(folder.string()));
    for (auto const& gone : {folder, beside(folder, ".partial"), beside(folder, ".replaced")}) {
        require_removable(gone);
    }
}

void publish_report(base::FileSystem& files, std::filesystem::path const& folder,
                    Report const& report, ExistingFolder existing) {
    require_output(folder, existing);
    bool const exists = std::filesystem::exists(folder);
    auto const partial = beside(folder, ".partial");
    auto const replaced = beside(folder, ".replaced");
    files.remove(partial);
    files.remove(replaced);
    std::filesystem::create_directories(partial);
    write_all(files, partial, report);
    if (exists) files.rename(folder, replaced);
    base::publish_folder(files, partial, folder);
    files.remove(replaced);
}

}  // namespace tessera::evaluate
