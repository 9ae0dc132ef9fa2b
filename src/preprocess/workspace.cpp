#include "workspace.hpp"

#include <algorithm>

#include <fmt/format.h>

#include <tessera/base/error.hpp>
#include <tessera/base/hash.hpp>
#include <tessera/base/log.hpp>
#include <tessera/base/mapped_file.hpp>

namespace tessera::preprocess {

namespace {

namespace fs = std::filesystem;

constexpr char const* note_prefix = "unit-";
constexpr char const* marker_name = "job.txt";  // marks a folder as one of ours
constexpr char const* lock_name = ".lock";

fs::path without_slash(fs::path const& path) {
    return path.has_filename() ? path : path.parent_path();
}

fs::path partial_of(fs::path const& store) {
    return without_slash(store).concat(".partial");
}

fs::path aside_of(fs::path const& store) {
    return without_slash(store).concat(".replaced");
}

bool lies_in(fs::path const& file, fs::path const& folder) {
    auto const inner = fs::weakly_canonical(file);
    auto const outer = fs::weakly_canonical(folder);
    return std::ranges::mismatch(outer, inner).in1 == outer.end();
}

bool is_whole(fs::path const& file, dataset::ShardEntry const& entry) {
    std::error_code error;
    if (fs::file_size(file, error) != entry.bytes || error) return false;
    return base::checksum(base::MappedFile(file).bytes()) == entry.checksum;
}

}  // namespace

void require_place(fs::path const& store, bool replace) {
    if (!fs::exists(store)) return;
    auto const shown = base::printable(store.string());
    base::validate(replace, base::ExitCode::usage,
                   "'{}' exists; choose another --store, or --force to replace it", shown);
    bool const empty = fs::is_directory(store) && fs::is_empty(store);
    base::validate(empty || dataset::is_store(store), base::ExitCode::usage,
                   "'{}' is no token store, and --force replaces nothing else: move it away or "
                   "choose another --store",
                   shown);
    auto const aside = aside_of(store);
    base::validate(!fs::exists(aside), base::ExitCode::usage,
                   "'{}' stands in the way: the store that an interrupted --force set aside; move "
                   "or remove it",
                   base::printable(aside.string()));
}

bool would_be_removed(fs::path const& store, fs::path const& file) {
    for (auto const& folder : {without_slash(store), partial_of(store)}) {
        if (fs::exists(folder) && lies_in(file, folder)) return true;
    }
    return false;
}

Workspace::Workspace(base::FileSystem& files, fs::path const& store)
    : files_(files), store_(without_slash(store)), path_(partial_of(store)) {}

// The lock comes first: whose folder this is decides whether anything in it may go.
void Workspace::prepare(std::string const& job) {
    std::error_code error;
    fs::create_directories(path_, error);
    base::validate(!error, base::ExitCode::environment, "cannot create folder '{}': {}",
                   base::printable(path_.string()), error.message());
    lock_.emplace(path_);
    auto const marker = path_ / marker_name;
    if (fs::exists(marker) && base::read_text(marker) == job) return;
    require_ours();
    clear();
    base::publish(files_, marker, job);
}

void Workspace::require_ours() const {
    if (fs::exists(path_ / marker_name)) return;
    for (auto const& entry : fs::directory_iterator(path_)) {
        auto const name = entry.path().filename();
        bool const begun = name == lock_name || name == base::aside_of(marker_name);
        base::validate(begun, base::ExitCode::usage,
                       "'{}' stands where the store would grow, and holds '{}', which is not of "
                       "an interrupted run: move it away or choose another --store",
                       base::printable(path_.string()), base::printable(name.string()));
    }
}

// The marker stays until another takes its place: what is half cleared is still ours.
void Workspace::clear() {
    std::size_t notes = 0;
    for (auto const& entry : fs::directory_iterator(path_)) {
        auto const name = entry.path().filename().string();
        if (name == lock_name || name == marker_name) continue;
        notes += name.starts_with(note_prefix) ? 1U : 0U;
        files_.remove(entry.path());
    }
    if (notes == 0) return;
    base::log_warning(
        "'{}' held finished work of other captures or settings, or of another build of this "
        "program: it is begun anew",
        base::printable(path_.string()));
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

void Workspace::publish(bool replace) {
    require_place(store_, replace);
    if (fs::exists(store_)) {
        replace_store();
    } else {
        base::publish_folder(files_, path_, store_);
    }
    drop_notes();
}

void Workspace::replace_store() {
    auto const aside = aside_of(store_);
    files_.rename(store_, aside);
    try {
        base::publish_folder(files_, path_, store_);
    } catch (...) {
        if (!fs::exists(store_)) files_.rename(aside, store_);
        throw;
    }
    drop(aside);
}

void Workspace::drop_notes() {
    for (auto const& entry : fs::directory_iterator(store_)) {
        auto const name = entry.path().filename().string();
        if (name.starts_with(note_prefix) || name == marker_name || name == lock_name) {
            drop(entry.path());
        }
    }
}

// The store is published: what cannot be cleared away behind it makes it no worse.
void Workspace::drop(fs::path const& path) {
    try {
        files_.remove(path);
    } catch (base::Error const& error) {
        base::log_warning("{}; the store is whole, what is left there may go", error.what());
    }
}

}  // namespace tessera::preprocess
