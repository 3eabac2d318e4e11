using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using Tocsin.Cli.Setup;

namespace Tocsin.Cli.Commands.PostMortems;

/// <summary>The post-mortems of a server, which is named by an option or by $TOCSIN_URL. What it refuses is said in its own words.</summary>
internal sealed class PostMortemServer(Uri server) : IDisposable
{
    private const int MostBytes = 64 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly HttpClient client = new() { BaseAddress = server, Timeout = Patience, MaxResponseContentBufferSize = MostBytes };

    public static PostMortemServer At(string? option)
    {
        var text = option ?? Environment.GetEnvironmentVariable(ServerClient.Url);
        if (string.IsNullOrEmpty(text)) throw new SettingsException("which server? --url or $TOCSIN_URL says it; --from reads a file");
        return Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out var address) && address.Scheme is "http" or "https" ? new PostMortemServer(address) : throw new SettingsException($"--url {text}: an address such as https://tocsin.example is expected");
    }

    /// <summary>As the API gives the incident.</summary>
    public Task<string> IncidentAsync(string id, CancellationToken cancel) => AskAsync(HttpMethod.Get, $"api/v1/incidents/{Name(id)}", null, id, cancel);

    /// <summary>The whole document, with what people wrote.</summary>
    public Task<string> DocumentAsync(string id, string format, bool everyEvent, CancellationToken cancel) =>
        AskAsync(HttpMethod.Get, $"api/v1/post-mortems/{Name(id)}/document?format={format}&all={(everyEvent ? "true" : "false")}", null, id, cancel);

    public Task<string> WriteAsync(string id, string json, CancellationToken cancel) => AskAsync(HttpMethod.Post, $"api/v1/post-mortems/{Name(id)}", json, id, cancel);

    public Task<string> CloseAsync(string id, CancellationToken cancel) => AskAsync(HttpMethod.Post, $"api/v1/post-mortems/{Name(id)}/final", "{}", id, cancel);

    /// <summary>What became of it, in words.</summary>
    public async Task<string> PushAsync(string id, CancellationToken cancel)
    {
        using var answer = JsonDocument.Parse(await AskAsync(HttpMethod.Post, $"api/v1/post-mortems/{Name(id)}/issues", "{}", id, cancel));
        return answer.RootElement.GetProperty("said").GetString() ?? "";
    }

    public void Dispose() => client.Dispose();

    private static string Name(string id) => Uri.EscapeDataString(id);

    private async Task<string> AskAsync(HttpMethod method, string path, string? body, string id, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        if (Environment.GetEnvironmentVariable(ServerClient.Token) is { Length: > 0 } token) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        try
        {
            using var answer = await client.SendAsync(request, cancel);
            var text = await answer.Content.ReadAsStringAsync(cancel);
            if (answer.IsSuccessStatusCode) return text;
            var status = (int)answer.StatusCode;
            throw new ServerException(string.Create(CultureInfo.InvariantCulture, $"{server.Authority} answers {status} for {id}{(status is 401 or 403 ? ": is $TOCSIN_TOKEN right?" : Why(text))}"), status is 400 ? ExitCode.Usage : method == HttpMethod.Get || status >= 500 ? ExitCode.CouldNotLook : ExitCode.Refused);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancel.IsCancellationRequested)
        {
            throw new ServerException($"{server.Authority} could not be asked: {e.Message}", ExitCode.CouldNotLook);
        }
    }

    private static string Why(string text)
    {
        try
        {
            using var problem = JsonDocument.Parse(text);
            return problem.RootElement.ValueKind == JsonValueKind.Object && problem.RootElement.TryGetProperty("detail", out var detail) ? $": {detail.GetString()}" : "";
        }
        catch (JsonException)
        {
            // Something else answers at this address: a proxy, another program.
            return "";
        }
    }
}
