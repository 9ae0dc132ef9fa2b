#include "workspace.hpp"

#include <fmt/format.h>

#include <tessera/base/error.hpp>
#include <tessera/base/hash.hpp>
#include <tessera/base/mapped_file.hpp>

namespace tessera::preprocess {

namespace {

namespace fs = std::filesystem;

constexpr char const* note_prefix = "unit-";

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

std::optional<dataset::UnitReport> Workspace::finished(std::size_t unit) {
    if (!noted_) read_notes();
    auto const found = noted_->find(unit);
    if (found == noted_->end()) return std::nullopt;
    auto report = dataset::unit_report_from(found->second);
    if (!is_whole(path_ / report.shard.entry.file, report.shard.entry)) return std::nullopt;
    return report;
}

void Workspace::record(std::span<Finished const> units) {
    if (units.empty()) return;
    auto const note = path_ / fmt::format("{}{:05}.json", note_prefix, units.front().first);
    base::publish(files_, note, to_lines(units));
}

void Workspace::read_notes() {
    noted_.emplace();
    for (auto const& entry : fs::directory_iterator(path_)) {
        auto const name = entry.path().filename().string();
        if (!name.starts_with(note_prefix) || !name.ends_with(".json")) continue;
        noted_->merge(reports_in(base::read_text(entry.path())));
    }
}

void Workspace::publish() {
    for (auto const& entry : fs::directory_iterator(path_)) {
        auto const name = entry.path().filename().string();
        if (name.starts_with(note_prefix) || name == "job.txt" || name == ".lock") {
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
