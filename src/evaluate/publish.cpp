#include <tessera/base/error.hpp>
#include <tessera/evaluate/report.hpp>
#include <tessera/report/confusion_chart.hpp>

namespace tessera::evaluate {

namespace {

std::filesystem::path beside(std::filesystem::path const& folder, char const* ending) {
    auto const plain = folder.has_filename() ? folder : folder.parent_path();
    return plain.string() + ending;
}

void write_all(base::FileSystem& files, std::filesystem::path const& folder, Report const& report) {
    auto const& predictions = report.model.predictions;
    auto const& confusion = report.model.scores.confusion;
    base::publish(files, folder / "predictions.csv", predictions_csv(predictions));
    base::publish(files, folder / "confusion.csv", confusion_csv(predictions.classes, confusion));
    base::publish(files, folder / "confusion.svg",
                  report::to_svg(report::ConfusionChart{"Confusion matrix", predictions.classes,
                                                        confusion.counts()}));
    base::publish(files, folder / "report.html", report_html(report));
    base::publish(files, folder / "report.json", report_json(report));
}

}  // namespace

void publish_report(base::FileSystem& files, std::filesystem::path const& folder,
                    Report const& report, ExistingFolder existing) {
    auto const exists = std::filesystem::exists(folder);
    base::validate(!exists || existing == ExistingFolder::replace, base::ExitCode::usage,
                   "{} exists; give --force to replace it, or another --output",
                   base::printable(folder.string()));
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
