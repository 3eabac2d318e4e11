using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Tocsin.Lab.Verbs;

namespace Tocsin.Lab.Host;

/// <summary>The lab's control socket: what commands of the same user ask a running lab. Nothing else can reach it.</summary>
internal sealed class LabControl(LabHost host)
{
    public async Task Handle(HttpContext context)
    {
        var cancel = context.RequestAborted;
        try
        {
            switch (context.Request.Method, context.Request.Path.Value?.Trim('/').Split('/') ?? [])
            {
                case ("GET", ["status"]):
                    await WriteAsync(context, host.Status(), cancel);
                    break;
                case ("GET", ["certificate", var domain]):
                    var (certificate, key) = host.Issue(Uri.UnescapeDataString(domain));
                    await context.Response.WriteAsync(certificate + key, cancel);
                    break;
                case ("POST", ["heal"]):
                    host.Heal();
                    await WriteAsync(context, host.Status(), cancel);
                    break;
                case ("POST", ["verb"]):
                    var request = await JsonSerializer.DeserializeAsync<VerbRequest>(context.Request.Body, LabJson.Options, cancel) ?? throw new LabException("the request is empty");
                    await WriteAsync(context, new JsonObject { ["done"] = await VerbTable.RunAsync(host, request, cancel) }, cancel);
                    break;
                case ("POST", ["step", var seconds]):
                    if (!int.TryParse(seconds, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var by)) throw new LabException($"'{seconds}' is not a number of seconds");
                    host.Step(NodaTime.Duration.FromSeconds(by));
                    await WriteAsync(context, new JsonObject { ["stepped"] = by }, cancel);
                    break;
                case ("POST", ["down"]):
                    await WriteAsync(context, new JsonObject { ["ending"] = true }, cancel);
                    await context.Response.CompleteAsync();
                    host.RequestEnd();
                    break;
                default:
                    await RefuseAsync(context, 404, $"the lab knows no {context.Request.Method} {context.Request.Path}", cancel);
                    break;
            }
        }
        catch (JsonException e)
        {
            await RefuseAsync(context, 400, $"the request is not JSON as the lab knows it: {e.Message}", cancel);
        }
        catch (LabException e)
        {
            await RefuseAsync(context, 409, e.Message, cancel);
        }
    }

    private static async Task WriteAsync<T>(HttpContext context, T value, CancellationToken cancel)
    {
        context.Response.ContentType = "application/json";
        await JsonSerializer.SerializeAsync(context.Response.Body, value, LabJson.Options, cancel);
    }

    private static async Task RefuseAsync(HttpContext context, int status, string why, CancellationToken cancel)
    {
        context.Response.StatusCode = status;
        await WriteAsync(context, new JsonObject { ["error"] = why }, cancel);
    }
}

/// <summary>JSON between a lab and its commands.</summary>
public static class LabJson
{
    public static JsonSerializerOptions Options { get; } = Create();

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web) { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
        options.Converters.Add(new InstantConverter());
        return options;
    }

    private sealed class InstantConverter : System.Text.Json.Serialization.JsonConverter<NodaTime.Instant>
    {
        public override NodaTime.Instant Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => NodaTime.Text.InstantPattern.ExtendedIso.Parse(reader.GetString() ?? "").Value;

        public override void Write(Utf8JsonWriter writer, NodaTime.Instant value, JsonSerializerOptions options) => writer.WriteStringValue(NodaTime.Text.InstantPattern.ExtendedIso.Format(value));
    }
}
