using System.Globalization;
using System.Text.Json.Nodes;
using Tocsin.Lab.Wire;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Aws.S3;

/// <summary>S3 in path style, as far as the load balancer's access logs are read and a log or dump is put.</summary>
public static class BucketOperations
{
    public static IEnumerable<Operation> All(LabWorld world)
    {
        Operation Op(string name, string action, Func<BucketStore, AwsCall, JsonObject> answer, bool data = false, string note = "") => new("s3", name, call => answer(world.Buckets, call))
        {
            Actions = _ => [$"s3:{action}"],
            Resources = call => call.Text("Bucket") is not { } bucket ? ["*"] : [$"arn:aws:s3:::{bucket}{(action.EndsWith("Object", StringComparison.Ordinal) ? "/" + call.Text("Key") : "")}"],
            OffTrail = data,
            ReadOnly = action is not ("PutObject" or "DeleteObject"),
            Support = Support.Real,
            Note = note,
        };
        yield return Op("ListBuckets", "ListAllMyBuckets", (store, _) => ListBuckets(store));
        yield return Op("GetBucketLocation", "GetBucketLocation", (store, call) => new JsonObject { [RestCall.Root] = "LocationConstraint", [RestCall.TextOnly] = Bucket(store, call).Region });
        yield return Op("HeadBucket", "ListBucket", (store, call) => new JsonObject { ["header:x-amz-bucket-region"] = Bucket(store, call).Region });
        yield return Op("ListObjectsV2", "ListBucket", List, true);
        yield return Op("GetObject", "GetObject", Get, true, "an absent key is NoSuchKey also for who may not list");
        yield return Op("HeadObject", "GetObject", Get, true);
        yield return Op("PutObject", "PutObject", Put, true, "in one piece of at most 10 MB; 64 MB in all, the oldest objects make room");
        yield return Op("DeleteObject", "DeleteObject", Delete, true);
    }

    private static Bucket Bucket(BucketStore store, AwsCall call) => store.Buckets.GetValueOrDefault(call.Text("Bucket") ?? "") ?? throw new AwsException("NoSuchBucket", "The specified bucket does not exist", 404);

    private static JsonObject ListBuckets(BucketStore store) => new()
    {
        [RestCall.Root] = "ListAllMyBucketsResult",
        ["Owner"] = new JsonObject { ["ID"] = LabIds.Account, ["DisplayName"] = "lab" },
        ["Buckets>Bucket"] = store.Buckets.Values.Array(b => new JsonObject { ["Name"] = b.Name, ["CreationDate"] = AwsTime.Iso(b.Created) }),
    };

    private static JsonObject List(BucketStore store, AwsCall call)
    {
        var bucket = Bucket(store, call);
        var (prefix, delimiter, most) = (call.Text("prefix") ?? "", call.Text("delimiter") ?? "", Most(call));
        var after = call.Text("continuation-token") is not { Length: > 0 } token ? call.Text("start-after") ?? ""
            : Pages.Decode(token) ?? throw new AwsException("InvalidArgument", "The continuation token provided is incorrect");
        var (keys, folders, last, more) = (new List<StoredObject>(), new List<string>(), after, false);
        foreach (var stored in bucket.Objects.Values.Where(o => o.Key.StartsWith(prefix, StringComparison.Ordinal) && string.CompareOrdinal(o.Key, after) > 0))
        {
            var cut = delimiter.Length == 0 ? -1 : stored.Key.IndexOf(delimiter, prefix.Length, StringComparison.Ordinal);
            var folder = cut < 0 ? null : stored.Key[..(cut + delimiter.Length)];
            // A folder counts once, also when a page ended within it.
            if (folder is not null && (folders.LastOrDefault() == folder || (after.Length > 0 && after.StartsWith(folder, StringComparison.Ordinal))))
            {
                last = stored.Key;
                continue;
            }
            if (more = keys.Count + folders.Count >= most) break;
            if (folder is null) keys.Add(stored);
            else folders.Add(folder);
            last = stored.Key;
        }
        var coded = call.Text("encoding-type") is "url";
        string Code(string text) => coded ? Uri.EscapeDataString(text).Replace("%2F", "/", StringComparison.Ordinal) : text;
        return new JsonObject
        {
            [RestCall.Root] = "ListBucketResult",
            ["Name"] = bucket.Name,
            ["Prefix"] = Code(prefix),
            ["KeyCount"] = keys.Count + folders.Count,
            ["MaxKeys"] = most,
            ["IsTruncated"] = more && most > 0,
            ["Contents>"] = keys.Array(o => new JsonObject { ["Key"] = Code(o.Key), ["LastModified"] = AwsTime.Iso(o.Modified), ["ETag"] = o.ETag, ["Size"] = o.Bytes.Length, ["StorageClass"] = "STANDARD" }),
            ["CommonPrefixes>"] = folders.Array(f => new JsonObject { ["Prefix"] = Code(f) }),
        }.With("Delimiter", delimiter.Length == 0 ? null : Code(delimiter)).With("EncodingType", coded ? "url" : null)
            .With("ContinuationToken", call.Text("continuation-token")).With("NextContinuationToken", more && most > 0 ? Pages.Encode(last) : null);
    }

    private static int Most(AwsCall call) => call.Text("max-keys") is not { Length: > 0 } text ? 1000
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var most) ? Math.Min(most, 1000)
        : throw new AwsException("InvalidArgument", "Provided max-keys not an integer or within integer range");

    private static JsonObject Get(BucketStore store, AwsCall call)
    {
        var stored = Bucket(store, call).Objects.GetValueOrDefault(call.Text("Key") ?? "") ?? throw new AwsException("NoSuchKey", "The specified key does not exist.", 404);
        var answer = new JsonObject
        {
            ["header:ETag"] = stored.ETag,
            ["header:Last-Modified"] = stored.Modified.ToDateTimeUtc().ToString("r", CultureInfo.InvariantCulture),
            ["header:Content-Type"] = stored.ContentType,
            ["header:Accept-Ranges"] = "bytes",
        }.With("header:Content-Encoding", stored.ContentEncoding);
        foreach (var (name, value) in stored.Metadata) answer["header:" + name] = value;
        var bytes = stored.Bytes;
        if (Range(call.Text("header:Range"), bytes.Length) is var (from, to))
        {
            answer["header:Content-Range"] = $"bytes {from}-{to}/{bytes.Length}";
            answer[RestCall.Status] = 206;
            bytes = bytes[from..(to + 1)];
        }
        answer[RestCall.Content] = Convert.ToBase64String(bytes);
        return answer;
    }

    /// <summary>First and last byte of one range; a header that is none is passed over, as HTTP wants it.</summary>
    private static (int From, int To)? Range(string? header, int length)
    {
        if (header is null || !header.StartsWith("bytes=", StringComparison.Ordinal) || header[6..].Split('-') is not [var first, var last]) return null;
        var to = length - 1;
        if (first.Length == 0)
        {
            if (!int.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out var suffix)) return null;
            return suffix > 0 && length > 0 ? (Math.Max(0, length - suffix), to) : throw NoRange();
        }
        if (!int.TryParse(first, NumberStyles.None, CultureInfo.InvariantCulture, out var from)) return null;
        if (last.Length > 0 && (!int.TryParse(last, NumberStyles.None, CultureInfo.InvariantCulture, out to) || to < from)) return null;
        return from < length ? (from, Math.Min(to, length - 1)) : throw NoRange();

        static AwsException NoRange() => new("InvalidRange", "The requested range is not satisfiable", 416);
    }

    private static JsonObject Put(BucketStore store, AwsCall call)
    {
        var bucket = Bucket(store, call);
        var key = call.Text("Key") ?? "";
        if (System.Text.Encoding.UTF8.GetByteCount(key) > 1024) throw new AwsException("KeyTooLongError", "Your key is too long");
        var stored = new StoredObject(key, Convert.FromBase64String(call.Text(RestCall.Content) ?? ""), call.Now, call.Text("header:Content-Type") ?? "binary/octet-stream")
        {
            ContentEncoding = call.Text("header:Content-Encoding"),
            Metadata = call.Input.Where(p => p.Key.StartsWith("header:x-amz-meta-", StringComparison.OrdinalIgnoreCase)).ToDictionary(p => p.Key["header:".Length..].ToLowerInvariant(), p => p.Value?.ToString() ?? "", StringComparer.Ordinal),
        };
        store.Put(bucket, stored);
        return new JsonObject { ["header:ETag"] = stored.ETag };
    }

    private static JsonObject Delete(BucketStore store, AwsCall call)
    {
        store.Remove(Bucket(store, call), call.Text("Key") ?? "");
        return new JsonObject { [RestCall.Status] = 204 };
    }
}
