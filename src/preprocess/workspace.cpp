#include "workspace.hpp"

#include <map>

#include <fmt/format.h>

#include <tessera/base/error.hpp>
#include <tessera/base/hash.hpp>
#include <tessera/base/mapped_file.hpp>
#include <tessera/base/publish_all.hpp>

namespace tessera::preprocess {

namespace {

namespace fs = std::filesystem;

fs::path without_slash(fs::path const& path) {
    return path.has_filename() ? path : path.parent_path();
}

bool is_whole(fs::path const& file, dataset::ShardEntry const& entry) {
    std::error_code error;
    if (fs::file_size(file, error) != entry.bytes || error) return false;
    return base::checksum(base::MappedFile(file).bytes()) == entry.checksum;
}

}  // namespace

Workspace::Workspace(base::FileSystem& files, fs::path const& store)
    : files_(files), store_(without_slash(store)), path_(fs::path(store_).concat(".partial")) {}

fs::path Workspace::note(std::size_t unit) const {
    return path_ / fmt::format("unit-{:05}.json", unit);
}

void Workspace::prepare(std::string const& job) {
    auto const marker = path_ / "job.txt";
    if (fs::exists(marker) && base::read_text(marker) == job) return;
    files_.remove(path_);
    std::error_code error;
    fs::create_directories(path_, error);
    base::validate(!error, base::ExitCode::environment, "cannot create folder '{}': {}",
                   base::printable(path_.string()), error.message());
    base::publish(files_, marker, job);
}

std::optional<dataset::UnitReport> Workspace::finished(std::size_t unit) const {
    if (!fs::exists(note(unit))) return std::nullopt;
    auto report = dataset::unit_report_from(base::read_text(note(unit)));
    if (!is_whole(path_ / report.shard.entry.file, report.shard.entry)) return std::nullopt;
    return report;
}

void Workspace::record(std::span<Finished const> units) {
    std::map<fs::path, std::string> notes;
    for (auto const& [unit, report] : units) notes[note(unit)] = dataset::to_text(report);
    base::publish_all(files_, notes);
}

void Workspace::publish() {
    for (auto const& entry : fs::directory_iterator(path_)) {
        auto const name = entry.path().filename().string();
        if (name.starts_with("unit-") || name == "job.txt" || name == ".lock") {
            files_.remove(entry.path());
        }
    }
    if (fs::exists(store_)) {
        auto const old = fs::path(store_).concat(".old");
        files_.remove(old);
        files_.rename(store_, old);
        base::publish_folder(files_, path_, store_);
        files_.remove(old);
    } else {
        base::publish_folder(files_, path_, store_);
    }
}

}  // namespace tessera::preprocess
