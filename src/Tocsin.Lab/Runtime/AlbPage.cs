namespace Tocsin.Lab.Runtime;

/// <summary>The load balancer's own answers, byte for byte: the status line's words and the page.</summary>
public static class AlbPage
{
    public const string Server = "awselb/2.0";

    public static string Reason(int status) => status switch
    {
        400 => "Bad Request",
        405 => "Not Allowed",
        408 => "Request Time-out",
        460 or 463 => "",
        500 => "Internal Server Error",
        502 => "Bad Gateway",
        503 => "Service Temporarily Unavailable",
        504 => "Gateway Time-out",
        _ => Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status),
    };

    public static string Html(int status)
    {
        var title = $"{status} {Reason(status)}".TrimEnd();
        return $"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n";
    }
}
